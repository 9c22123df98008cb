//! Outgoing mail: composed as in RFC 5322, and written into a file where no server takes it.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use lettre::{
    Address,
    address::Envelope,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
};
use nanoid::nanoid;
use time::OffsetDateTime;

use super::templates::Message;

/// Why a mail was not sent. It contains neither the SMTP password nor a link from the mail.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub(crate) struct SendError {
    what: String,
    is_permanent: bool,
}

impl SendError {
    pub(super) fn new(what: impl Into<String>, is_permanent: bool) -> Self {
        Self {
            what: what.into(),
            is_permanent,
        }
    }

    /// Whether another attempt would fail the same way.
    pub(crate) fn is_permanent(&self) -> bool {
        self.is_permanent
    }
}

/// Parses an address without a name. A domain that is not ASCII is encoded, since many servers take no other.
pub(super) fn address(text: &str) -> Option<Address> {
    // In a quoted name or a domain in brackets, lettre accepts `>`, and control characters beyond ASCII.
    let is_misleading = |char: char| char.is_control() || char == '<' || char == '>';
    if text.contains(is_misleading) {
        return None;
    }
    let address: Address = text.parse().ok()?;
    if address.domain().is_ascii() {
        return Some(address);
    }
    let domain = url::Host::parse(address.domain()).ok()?.to_string();
    Address::new(address.user(), domain).ok()
}

/// Composes the mail with all its headers. Its Message-ID is derived from `id`.
///
/// # Errors
/// Permanent, if the address or the subject cannot be written into a header.
pub(super) fn compose(
    from: &Mailbox,
    id: &str,
    message: &Message,
) -> Result<lettre::Message, SendError> {
    let refused = |what| SendError::new(what, true);
    let to = address(&message.to).ok_or_else(|| refused("the address is not that of a mailbox"))?;
    if message.subject.chars().any(char::is_control) {
        return Err(refused("the subject contains a control character"));
    }
    // Given here, the addresses need not be read back from the headers.
    let envelope = Envelope::new(Some(from.email.clone()), vec![to.clone()]);
    let envelope = envelope.map_err(|error| SendError::new(error.to_string(), true))?;
    let (text, html) = (message.text.clone(), message.html.clone());
    lettre::Message::builder()
        .envelope(envelope)
        .from(from.clone())
        .to(to.into())
        .subject(message.subject.as_str())
        .date_now()
        .message_id(Some(message_id(from, id)))
        // Answering machines do not answer such mail (RFC 3834).
        .raw_header(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ))
        .multipart(MultiPart::alternative_plain_html(text, html))
        .map_err(|error| SendError::new(error.to_string(), true))
}

/// Returns the same id for every attempt: if a server accepted the mail and its answer was lost, the next
/// attempt is recognised as the same mail, although its link is another one.
fn message_id(from: &Mailbox, id: &str) -> String {
    let hash = blake3::hash(id.as_bytes()).to_hex();
    format!("<{}@{}>", &hash[..32], from.email.domain())
}

/// Writes a mail into a file whose name sorts by time, and returns its path. Others see the whole file or
/// none, and after `Ok` it survives a power cut. Several servers may write into the same directory.
pub(super) fn write(directory: &Path, mail: &[u8], at: OffsetDateTime) -> io::Result<PathBuf> {
    if !directory.is_dir() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        // The mails contain links that let whoever opens them into an account.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(directory)?;
        if let Some(parent) = directory.parent().filter(|parent| parent.is_dir()) {
            File::open(parent)?.sync_all()?;
        }
    }
    // Its mode is 0600.
    let mut file = tempfile::Builder::new()
        .prefix(".")
        .suffix(".tmp")
        .tempfile_in(directory)?;
    file.write_all(mail)?;
    file.as_file().sync_all()?;
    let path = directory.join(name(at));
    file.persist_noclobber(&path).map_err(|error| error.error)?;
    File::open(directory)?.sync_all()?;
    Ok(path)
}

fn name(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute, second, micro) = at.to_hms_micro();
    let month = u8::from(month);
    let random = nanoid!(12);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}.{micro:06}Z-{random}.eml")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    fn sender() -> Mailbox {
        "\"Größe, H.\" <no-reply@hulk.example>".parse().unwrap()
    }

    fn message(to: &str, subject: &str) -> Message {
        Message {
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: "Grüße\n.\n\nhttps://hulk.example/verify?token=a=b\n".to_owned(),
            html: "<p>Grüße &amp; mehr</p>\n".to_owned(),
        }
    }

    #[test]
    fn a_mail_reads_as_it_was_written() {
        let directory = tempfile::tempdir().unwrap();
        let written = message("o'hara+x@bücher.example", "Bestätigen Sie: 100 % für 日本");
        let mail = compose(&sender(), "one", &written).unwrap().formatted();
        let path = write(
            &directory.path().join("outbox"),
            &mail,
            OffsetDateTime::now_utc(),
        );
        let bytes = fs::read(path.unwrap()).unwrap();
        assert!(bytes.is_ascii());
        let read = MessageParser::default().parse(&bytes).unwrap();
        let to = read.to().unwrap();
        assert_eq!(to.iter().count(), 1);
        assert_eq!(
            to.first().unwrap().address(),
            Some("o'hara+x@xn--bcher-kva.example")
        );
        assert_eq!(read.subject(), Some(written.subject.as_str()));
        let text = read.body_text(0).unwrap().replace("\r\n", "\n");
        assert_eq!(text.trim_end(), written.text.trim_end());
        let html = read.body_html(0).unwrap().replace("\r\n", "\n");
        assert_eq!(html.trim_end(), written.html.trim_end());
        let from = read.from().unwrap().first().unwrap();
        assert_eq!(from.address(), Some("no-reply@hulk.example"));
        assert!(read.date().is_some());
    }

    #[test]
    fn attempts_of_one_mail_have_one_id() {
        let id_of = |id: &str, subject: &str| {
            let written = message("ada@example.com", subject);
            let mail = compose(&sender(), id, &written).unwrap().formatted();
            let read = MessageParser::default().parse(&mail).unwrap();
            read.message_id().unwrap().to_owned()
        };
        let first = id_of("one", "Hello");
        assert_eq!(first, id_of("one", "Hello again"));
        assert_ne!(first, id_of("two", "Hello"));
        assert!(first.ends_with("@hulk.example"), "{first}");
    }

    #[test]
    fn nothing_is_added_to_headers() {
        for to in [
            "ada@example.com\r\nBcc: eve@example.com",
            "ada@example.com, eve@example.com",
            "ada@example.com\0",
            "Ada <ada@example.com>",
            "<ada@example.com>",
            "ada@example.com>\r\nRCPT TO:<eve@example.com",
            "\"ada\r\n\"@example.com",
            "\"ada\u{85}\"@example.com",
            "ada@exa\u{85}mple.com",
            "ada@[x>y]",
            "ada",
            "@example.com",
            "",
        ] {
            let refused = compose(&sender(), "one", &message(to, "Hello")).unwrap_err();
            assert!(refused.is_permanent(), "{to:?}");
        }
        for subject in ["Hello\r\nBcc: eve@example.com", "Hello\n\nBody", "\u{85}"] {
            let written = message("ada@example.com", subject);
            let refused = compose(&sender(), "one", &written).unwrap_err();
            assert!(refused.is_permanent(), "{subject:?}");
        }
        // These are odd, but addresses.
        for to in [
            "\"ada, eve\"@example.com",
            "\"a b\"@example.com",
            "адам@example.com",
        ] {
            let mail = compose(&sender(), "one", &message(to, "Hello")).unwrap();
            assert_eq!(mail.envelope().to(), [address(to).unwrap()]);
        }
    }

    #[test]
    fn names_sort_by_time() {
        let times = [
            0,
            1,
            999_999,
            1_000_000,
            1_767_225_599_999_999,
            1_767_225_600_000_000,
        ];
        let names = times
            .map(|micros| name(OffsetDateTime::from_unix_timestamp_nanos(micros * 1000).unwrap()));
        assert!(names.is_sorted(), "{names:?}");
        assert!(names[5].starts_with("20260101T000000.000000Z-"));
        assert_ne!(name(OffsetDateTime::UNIX_EPOCH), names[0]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_outbox() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let parent = tempfile::tempdir().unwrap();
        let outbox = parent.path().join("outbox");
        let path = write(&outbox, b"mail", OffsetDateTime::now_utc()).unwrap();
        assert_eq!((mode(&outbox), mode(&path)), (0o700, 0o600));
        // Nothing else is left.
        assert_eq!(fs::read_dir(&outbox).unwrap().count(), 1);
    }
}
