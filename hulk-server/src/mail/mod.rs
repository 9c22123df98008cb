//! Sends mail: through an SMTP server, or into files if there is none.
//!
//! `send` makes one attempt; whoever calls it stores the mail until an attempt succeeds. There is no pool of
//! connections: mail is rare, and servers close idle connections, which lettre's pool does not notice.

mod outbox;
mod smtp;
mod templates;

use std::{fmt, path::PathBuf, str::FromStr, sync::Arc};

use lettre::message::Mailbox;
use time::OffsetDateTime;

pub(crate) use outbox::SendError;
use smtp::SmtpServer;
pub use smtp::SmtpUrl;
pub(crate) use templates::{Message, PasswordChanged, PasswordReset, Verification};

/// Mailbox that mail comes from, such as `Hulkastorus <no-reply@example.com>`.
#[derive(Clone, Debug)]
pub struct Sender(Mailbox);

impl FromStr for Sender {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected ADDRESS or NAME <ADDRESS>, with a NAME in quotes if it has special characters";
        if text.chars().any(char::is_control) {
            return Err(expected);
        }
        let mut mailbox: Mailbox = text.parse().map_err(|_| expected)?;
        mailbox.email = outbox::address(mailbox.email.as_ref()).ok_or(expected)?;
        // lettre reads the header From back, and refuses every mail if it cannot.
        let read: Result<Mailbox, _> = mailbox.to_string().parse();
        read.map(|_| Self(mailbox)).map_err(|_| expected)
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Why mail cannot be sent at all.
#[derive(Debug, thiserror::Error)]
#[error("TLS cannot be used for mail: {0}")]
pub struct MailerError(lettre::transport::smtp::Error);

/// Sends mail: by SMTP, or into files if no server is configured. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Mailer {
    from: Arc<Mailbox>,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Smtp(Arc<SmtpServer>),
    Outbox(Arc<PathBuf>),
}

impl Mailer {
    /// `outbox` is the directory for mails if there is no server; it is created with the first.
    ///
    /// # Errors
    /// If the server needs TLS, which cannot be set up.
    pub(crate) fn new(
        smtp: Option<&SmtpUrl>,
        from: Sender,
        outbox: PathBuf,
    ) -> Result<Self, MailerError> {
        let way = match smtp {
            Some(url) => Way::Smtp(Arc::new(SmtpServer::new(url).map_err(MailerError)?)),
            None => Way::Outbox(Arc::new(outbox)),
        };
        let from = Arc::new(from.0);
        Ok(Self { from, way })
    }

    /// Returns `smtp` or `outbox`.
    pub(crate) fn kind(&self) -> &'static str {
        match self.way {
            Way::Smtp(_) => "smtp",
            Way::Outbox(_) => "outbox",
        }
    }

    /// Makes one attempt, of about 30 seconds at most. `id` is the same for each attempt of a mail, and for no
    /// other mail.
    ///
    /// # Errors
    /// If it is not certain that the mail was accepted. After a time-out it may have been; the next attempt has
    /// the same Message-ID.
    pub(crate) async fn send(&self, id: &str, message: &Message) -> Result<(), SendError> {
        let mail = outbox::compose(&self.from, id, message)?;
        let directory = match &self.way {
            Way::Smtp(server) => return server.send(&mail).await,
            Way::Outbox(directory) => directory.clone(),
        };
        let write = move || outbox::write(&directory, &mail.formatted(), OffsetDateTime::now_utc());
        let failed =
            |why: String| SendError::new(format!("cannot write into the outbox: {why}"), false);
        match tokio::task::spawn_blocking(write).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::TcpListener,
    };

    use super::*;

    const SILENCE: &str = "silence";

    fn mailer(smtp: Option<&str>, outbox: &str) -> Mailer {
        let smtp: Option<SmtpUrl> = smtp.map(|url| url.parse().unwrap());
        let from = "Hulkastorus <no-reply@hulk.example>".parse().unwrap();
        Mailer::new(smtp.as_ref(), from, outbox.into()).unwrap()
    }

    fn message() -> Message {
        Message {
            to: "ada@example.com".to_owned(),
            subject: "Hello".to_owned(),
            text: "Hello".to_owned(),
            html: "<p>Hello</p>".to_owned(),
        }
    }

    /// Sends a mail to a server that greets, and answers each line, or the mail, with the next of `answers`.
    async fn attempt(login: &str, answers: &'static [&'static str]) -> Result<(), SendError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{login}{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (socket, _) = listener.accept().await.unwrap();
            let (read, mut write) = socket.into_split();
            let mut lines = BufReader::new(read).lines();
            for answer in answers {
                if *answer == SILENCE {
                    std::future::pending::<()>().await;
                }
                let sent = write.write_all(format!("{answer}\r\n").as_bytes()).await;
                sent.unwrap();
                let is_mail = answer.starts_with("354");
                while let Ok(Some(line)) = lines.next_line().await {
                    if !is_mail || line == "." {
                        break;
                    }
                }
            }
        });
        mailer(Some(&url), "").send("one", &message()).await
    }

    #[tokio::test]
    async fn a_server_that_accepted_and_fell_silent_does_not_get_the_mail_again() {
        const ANSWERS: &[&str] = &[
            "220 h", "250 h", "250 ok", "250 ok", "354 go", "250 ok", SILENCE,
        ];
        attempt("", ANSWERS).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_server_is_given_up_and_tried_again() {
        const GREETED: &[&str] = &["220 h", "250 h", "250 ok", SILENCE];
        for answers in [GREETED, &[SILENCE]] {
            let error = attempt("", answers).await.unwrap_err();
            assert!(!error.is_permanent(), "{error}");
        }
    }

    #[tokio::test]
    async fn refusals_are_permanent_and_excuses_are_not() {
        for (answer, is_permanent) in [("550 5.1.1 no such user", true), ("450 4.2.1 busy", false)]
        {
            let answers: [&str; 4] = ["220 h", "250 h", "250 ok", answer];
            let error = attempt("", Box::leak(Box::new(answers))).await.unwrap_err();
            assert_eq!(error.is_permanent(), is_permanent, "{error}");
            assert!(error.to_string().ends_with(&answer[4..]), "{error}");
        }
        let error = mailer(Some("smtp://127.0.0.1:1"), "")
            .send("one", &message())
            .await;
        assert!(!error.unwrap_err().is_permanent());
    }

    #[tokio::test]
    async fn refusals_that_are_not_about_the_mail_are_not_permanent() {
        const GREETING: &[&str] = &["554 5.3.2 no service here"];
        const HELLO: &[&str] = &["220 h", "550 5.7.1 not from you"];
        const LOGIN: &[&str] = &["220 h", "250-h\r\n250 AUTH PLAIN", "535 5.7.8 wrong"];
        const NO_LOGIN: &[&str] = &["220 h", "250 h", "530 5.7.0 log in first"];
        for (login, answers) in [
            ("", GREETING),
            ("", HELLO),
            ("ada:s3cret@", LOGIN),
            ("", NO_LOGIN),
        ] {
            let error = attempt(login, answers).await.unwrap_err();
            assert!(!error.is_permanent(), "{error}");
            assert!(error.to_string().contains("(5"), "{error}");
        }
    }

    #[tokio::test]
    async fn errors_contain_neither_the_password_nor_a_link() {
        const REFUSED: &[&str] = &["220 h", "250-h\r\n250 AUTH PLAIN", "535 not s3cret, ada"];
        let error = attempt("ada:s3cret@", REFUSED).await.unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
        assert!(error.to_string().ends_with("not …, ada"), "{error}");
        const SPAM: &[&str] = &["220 h", "250 h", "250 ok", "550 spam: http://h/x found"];
        let error = attempt("", SPAM).await.unwrap_err().to_string();
        assert!(error.ends_with("spam: … found"), "{error}");
    }

    #[tokio::test]
    async fn without_a_server_mail_becomes_a_file() {
        let parent = tempfile::tempdir().unwrap();
        let outbox = parent.path().join("outbox");
        let mailer = mailer(None, outbox.to_str().unwrap());
        mailer.send("one", &message()).await.unwrap();
        mailer.clone().send("two", &message()).await.unwrap();
        assert_eq!(std::fs::read_dir(&outbox).unwrap().count(), 2);
        std::fs::remove_dir_all(&outbox).unwrap();
        std::fs::write(&outbox, "no directory").unwrap();
        let error = mailer.send("one", &message()).await.unwrap_err();
        assert!(!error.is_permanent(), "{error}");
    }

    #[test]
    fn senders_are_mailboxes() {
        for (text, shown) in [
            ("no-reply@hulk.example", "no-reply@hulk.example"),
            ("Hulk <no-reply@localhost>", "Hulk <no-reply@localhost>"),
            (
                "\"Hulk, Inc.\" <a@bücher.example>",
                "\"Hulk, Inc.\" <a@xn--bcher-kva.example>",
            ),
        ] {
            assert_eq!(text.parse::<Sender>().unwrap().to_string(), shown);
        }
        for wrong in [
            "",
            "Hulk",
            "a@b, c@d",
            "Hulk\r\nBcc: a@b <c@d>",
            "\"H\u{1}\" <a@b>",
            "<a@b> c",
        ] {
            assert!(wrong.parse::<Sender>().is_err(), "{wrong:?}");
        }
    }
}
