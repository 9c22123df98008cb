//! The SMTP server that takes our mail: its URL, one connection for each mail, and what went wrong.
//!
//! lettre's own transport is not used. It waits for the answer to QUIT as part of sending, so that a server
//! that accepts a mail and then falls silent would get it again; and its time-out covers the connect alone.

use std::{ffi::OsStr, fmt, str::FromStr, time::Duration};

use clap::{
    Arg, Command,
    builder::{TypedValueParser, ValueParser, ValueParserFactory},
    error::ErrorKind,
};
use lettre::transport::smtp::{
    self,
    authentication::{Credentials, DEFAULT_MECHANISMS},
    client::{AsyncSmtpConnection, TlsParameters},
    extension::ClientId,
};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;
use url::{Host, Url};

use super::outbox::SendError;

/// Limit of a whole attempt, until the server has accepted the mail.
const ATTEMPT: Duration = Duration::from_secs(30);
/// Limit for each of the server's addresses, so that an unreachable one leaves time for the next.
const CONNECT: Duration = Duration::from_secs(10);
/// Limit of the farewell, whose outcome changes nothing.
const QUIT: Duration = Duration::from_secs(1);
/// Characters of a server's answer that are kept.
const ANSWER_CHARS: usize = 200;

const EXPECTED: &str = "expected smtps://[USER:PASSWORD@]HOST[:PORT], smtp+starttls://…, or smtp://… \
                        without encryption, with special characters of USER and PASSWORD percent-encoded";

/// URL of an SMTP server; a path is the name to greet it with. It may contain a password, so `Debug` and
/// `Display` show neither user nor password.
#[derive(Clone)]
pub struct SmtpUrl {
    security: Security,
    host: Host,
    port: u16,
    login: Option<Login>,
    greeting: ClientId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    Plain,
    StartTls,
    Tls,
}

#[derive(Clone)]
struct Login {
    user: String,
    password: String,
}

impl FromStr for SmtpUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| EXPECTED)?;
        let (security, port) = match (url.scheme(), url.query()) {
            _ if url.fragment().is_some() => return Err(EXPECTED),
            ("smtps", None) => (Security::Tls, smtp::SUBMISSIONS_PORT),
            ("smtp+starttls", None) | ("smtp", Some("tls=required")) => {
                (Security::StartTls, smtp::SUBMISSION_PORT)
            }
            ("smtp", None) => (Security::Plain, smtp::SMTP_PORT),
            // Among them is `tls=opportunistic`, with which whoever is in between can switch TLS off.
            _ => return Err(EXPECTED),
        };
        let host = url.host_str().and_then(|host| Host::parse(host).ok());
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let greeting = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name if name.bytes().all(is_name) => ClientId::Domain(name.to_owned()),
            _ => return Err(EXPECTED),
        };
        Ok(Self {
            security,
            host: host.ok_or(EXPECTED)?,
            port: url.port().unwrap_or(port),
            login: login(&url)?,
            greeting,
        })
    }
}

fn login(url: &Url) -> Result<Option<Login>, &'static str> {
    let decode = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded.map(String::from).map_err(|_| EXPECTED)
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, Some(password)) if !user.is_empty() => Ok(Some(Login {
            user: decode(user)?,
            password: decode(password)?,
        })),
        _ => Err(EXPECTED),
    }
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.security {
            Security::Plain => "smtp",
            Security::StartTls => "smtp+starttls",
            Security::Tls => "smtps",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpUrl({self})")
    }
}

/// Parses the URL for clap, whose own error would repeat the value, and with it the password.
#[derive(Clone)]
struct SmtpUrlParser;

impl ValueParserFactory for SmtpUrl {
    type Parser = ValueParser;

    fn value_parser() -> Self::Parser {
        SmtpUrlParser.into()
    }
}

impl TypedValueParser for SmtpUrlParser {
    type Value = SmtpUrl;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<SmtpUrl, clap::Error> {
        let parsed = value.to_str().ok_or(EXPECTED).and_then(SmtpUrl::from_str);
        parsed.map_err(|why| {
            let argument = argument.map(ToString::to_string).unwrap_or_default();
            let message = format!("invalid value for '{argument}': {why}\n");
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}

/// Sends mail through one server.
pub(super) struct SmtpServer {
    url: SmtpUrl,
    /// The host as it is looked up: IPv6 addresses without brackets.
    host: String,
    tls: Option<TlsParameters>,
}

impl SmtpServer {
    /// # Errors
    /// If TLS is needed and cannot be set up.
    pub(super) fn new(url: &SmtpUrl) -> Result<Self, smtp::Error> {
        let host = match &url.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let tls = match url.security {
            Security::Plain => None,
            // Reads the system's certificates, which is too slow to be done for each mail.
            Security::StartTls | Security::Tls => Some(TlsParameters::new(host.clone())?),
        };
        let url = url.clone();
        Ok(Self { url, host, tls })
    }

    /// Makes one attempt.
    pub(super) async fn send(&self, mail: &lettre::Message) -> Result<(), SendError> {
        let Ok(delivered) = timeout(ATTEMPT, self.deliver(mail)).await else {
            let what = format!("the mail server did not take it within {ATTEMPT:?}");
            return Err(SendError::new(what, false));
        };
        let mut connection = delivered?;
        // The mail is the server's now: an error here would make us send it again.
        let _ = timeout(QUIT, connection.quit()).await;
        Ok(())
    }

    /// Returns the connection over which the server has accepted the mail.
    async fn deliver(&self, mail: &lettre::Message) -> Result<AsyncSmtpConnection, SendError> {
        let (from_the_start, later) = match self.url.security {
            Security::Plain => (None, None),
            Security::StartTls => (None, self.tls.clone()),
            Security::Tls => (self.tls.clone(), None),
        };
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (self.host.as_str(), self.url.port),
            Some(CONNECT),
            &self.url.greeting,
            from_the_start,
            None,
        )
        .await
        .map_err(|error| self.explain("connect to the mail server", &error, false))?;
        if let Some(tls) = later {
            let upgraded = connection.starttls(tls, &self.url.greeting).await;
            upgraded
                .map_err(|error| self.explain("start TLS with the mail server", &error, false))?;
        }
        if let Some(login) = &self.url.login {
            let login = Credentials::new(login.user.clone(), login.password.clone());
            let done = connection.auth(DEFAULT_MECHANISMS, &login).await;
            done.map_err(|error| self.explain("log in to the mail server", &error, false))?;
        }
        let sent = connection.send(mail.envelope(), &mail.formatted()).await;
        match sent {
            Ok(_) => Ok(connection),
            // lettre itself refuses an address that needs SMTPUTF8 where the server does not have it.
            Err(error) if error.is_client() => Err(SendError::new(error.to_string(), true)),
            Err(error) => {
                // 530 asks for a log-in or for TLS, which is again about our settings.
                let is_ours = error.status().is_some_and(|code| u16::from(code) == 530);
                let is_permanent = error.is_permanent() && !is_ours;
                Err(self.explain("hand the mail over", &error, is_permanent))
            }
        }
    }

    /// Only what was answered about this mail is permanent: the operator can mend all that is before it.
    fn explain(&self, doing: &str, error: &smtp::Error, is_permanent: bool) -> SendError {
        let text = self.presentable(&error.to_string());
        SendError::new(format!("cannot {doing}: {text}"), is_permanent)
    }

    /// Shortens an answer for logs. Servers quote what they object to: our password, or a link from the mail,
    /// which is a secret too.
    fn presentable(&self, answer: &str) -> String {
        let password = self.url.login.as_ref().map(|login| login.password.as_str());
        let password = password.filter(|password| !password.is_empty());
        let answer = password.map_or(answer.to_owned(), |secret| answer.replace(secret, "…"));
        let words = answer.split_whitespace();
        let words = words.map(|word| if word.contains('/') { "…" } else { word });
        let shown = words.collect::<Vec<_>>().join(" ");
        let shown = shown.chars().filter(|char| !char.is_control());
        shown.take(ANSWER_CHARS).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn urls_say_how_to_connect() {
        for (text, shown) in [
            ("smtp://localhost", "smtp://localhost:25"),
            ("smtp://[::1]:2525", "smtp://[::1]:2525"),
            ("smtp://h?tls=required", "smtp+starttls://h:587"),
            ("smtp+starttls://h:25/me.example", "smtp+starttls://h:25"),
            (
                "smtps://ada:p%40ss@mail.example",
                "smtps://mail.example:465",
            ),
            (
                "smtps://Bücher.example",
                "smtps://xn--bcher-kva.example:465",
            ),
        ] {
            let url: SmtpUrl = text.parse().unwrap();
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("SmtpUrl({shown})"));
        }
        let url: SmtpUrl = "smtps://a%2Fda:p%40ss@mail.example".parse().unwrap();
        let login = url.login.unwrap();
        assert_eq!([login.user, login.password], ["a/da", "p@ss"]);
    }

    #[test]
    fn errors_do_not_repeat_the_url() {
        let argument = Arg::new("smtp-url").long("smtp-url");
        let program = Command::new("x").arg(argument.value_parser(clap::value_parser!(SmtpUrl)));
        let wrong = "secret http://ada:secret@h smtp://secret@h smtp://ada:secret@ smtps://ada:secret@h#f \
                     smtp://ada:secret@h?tls=opportunistic smtp://ada:secret@h/a%20b";
        for text in wrong.split_whitespace() {
            let found = program
                .clone()
                .try_get_matches_from(["x", "--smtp-url", text]);
            let error = found.unwrap_err().to_string();
            assert!(error.contains("--smtp-url"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
