//! The mails that we send: plain text, and the same as HTML without images or anything else to load.

use std::fmt;

use askama::Template;

/// The longest name that a mail greets, in characters.
const MAX_NAME: usize = 40;

/// A mail to one address, as text and as HTML.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl fmt::Debug for Message {
    /// Hides the text: its link is a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("to", &self.to)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// Asks for the confirmation of an address.
pub(crate) struct Verification {
    pub name: Option<String>,
    pub link: String,
    /// Lifetime of the link.
    pub hours: u32,
    /// Name of this server, such as its host.
    pub server: String,
}

/// Lets whoever has the mail set a new password.
pub(crate) struct PasswordReset {
    pub name: Option<String>,
    pub link: String,
    /// Lifetime of the link.
    pub hours: u32,
    /// Name of this server, such as its host.
    pub server: String,
}

/// Tells a user that their password was changed.
pub(crate) struct PasswordChanged {
    pub name: Option<String>,
    /// Name of this server, such as its host.
    pub server: String,
    /// When, as it is shown.
    pub at: String,
    /// IP address of the client that did it.
    pub address: String,
}

#[derive(Template)]
#[template(path = "mail/verification.txt")]
struct VerificationText<'a> {
    greeting: &'a str,
    lasts: &'a str,
    mail: &'a Verification,
}

#[derive(Template)]
#[template(path = "mail/verification.html")]
struct VerificationHtml<'a> {
    subject: &'a str,
    greeting: &'a str,
    lasts: &'a str,
    mail: &'a Verification,
}

#[derive(Template)]
#[template(path = "mail/password_reset.txt")]
struct PasswordResetText<'a> {
    greeting: &'a str,
    lasts: &'a str,
    mail: &'a PasswordReset,
}

#[derive(Template)]
#[template(path = "mail/password_reset.html")]
struct PasswordResetHtml<'a> {
    subject: &'a str,
    greeting: &'a str,
    lasts: &'a str,
    mail: &'a PasswordReset,
}

#[derive(Template)]
#[template(path = "mail/password_changed.txt")]
struct PasswordChangedText<'a> {
    greeting: &'a str,
    mail: &'a PasswordChanged,
}

#[derive(Template)]
#[template(path = "mail/password_changed.html")]
struct PasswordChangedHtml<'a> {
    subject: &'a str,
    greeting: &'a str,
    mail: &'a PasswordChanged,
}

impl Verification {
    /// # Errors
    /// If a template cannot be rendered.
    pub(crate) fn message(&self, to: impl Into<String>) -> askama::Result<Message> {
        let mail = self;
        let subject = &format!("Confirm your e-mail address for {}", self.server);
        let (greeting, lasts) = (&greeting(self.name.as_deref()), &hours(self.hours));
        let text = VerificationText {
            greeting,
            lasts,
            mail,
        };
        let html = VerificationHtml {
            subject,
            greeting,
            lasts,
            mail,
        };
        message(to, subject, &text, &html)
    }
}

impl PasswordReset {
    /// # Errors
    /// If a template cannot be rendered.
    pub(crate) fn message(&self, to: impl Into<String>) -> askama::Result<Message> {
        let mail = self;
        let subject = &format!("Set a new password for {}", self.server);
        let (greeting, lasts) = (&greeting(self.name.as_deref()), &hours(self.hours));
        let text = PasswordResetText {
            greeting,
            lasts,
            mail,
        };
        let html = PasswordResetHtml {
            subject,
            greeting,
            lasts,
            mail,
        };
        message(to, subject, &text, &html)
    }
}

impl PasswordChanged {
    /// # Errors
    /// If a template cannot be rendered.
    pub(crate) fn message(&self, to: impl Into<String>) -> askama::Result<Message> {
        let mail = self;
        let subject = &format!("Your password for {} was changed", self.server);
        let greeting = &greeting(self.name.as_deref());
        let text = PasswordChangedText { greeting, mail };
        let html = PasswordChangedHtml {
            subject,
            greeting,
            mail,
        };
        message(to, subject, &text, &html)
    }
}

fn message(
    to: impl Into<String>,
    subject: &str,
    text: &impl Template,
    html: &impl Template,
) -> askama::Result<Message> {
    Ok(Message {
        to: to.into(),
        subject: subject.to_owned(),
        text: text.render()?,
        html: html.render()?,
    })
}

fn hours(hours: u32) -> String {
    match hours {
        1 => "1 hour".to_owned(),
        hours => format!("{hours} hours"),
    }
}

fn greeting(name: Option<&str>) -> String {
    match name.map(str::trim).filter(|name| is_plain(name)) {
        Some(name) => format!("Hello {name},"),
        None => "Hello,".to_owned(),
    }
}

/// Whether a name cannot pass for more than a name. Whoever creates an account chooses the name and the
/// address, which may be another person's: our mail must not carry a message or a link to them.
fn is_plain(name: &str) -> bool {
    let is_unusual = |char: char| {
        char.is_control()
            || matches!(char, ':' | '/' | '\\' | '@' | '<' | '>' | '[' | ']' | '(' | ')')
            // Line breaks and changes of the direction of text.
            || matches!(char, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    // Mail programs turn `example.com` into a link; "J. R." is none.
    let is_link = |word: &str| word.trim_end_matches('.').contains('.');
    !name.is_empty()
        && name.chars().count() <= MAX_NAME
        && !name.contains(is_unusual)
        && !name.split_whitespace().any(is_link)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const LINK: &str = "https://hulk.example/verify?token=a&b='c'";

    fn verification(name: &str) -> Message {
        let mail = Verification {
            name: Some(name.to_owned()),
            link: LINK.to_owned(),
            hours: 24,
            server: "hulk.example".to_owned(),
        };
        mail.message("ada@example.com").unwrap()
    }

    #[test]
    fn text_is_not_escaped_and_html_is() {
        let mail = verification("O'Hara & Söhne");
        assert_eq!(mail.subject, "Confirm your e-mail address for hulk.example");
        assert!(mail.text.starts_with("Hello O'Hara & Söhne,\n\nPlease"));
        assert!(mail.text.lines().any(|line| line == LINK));
        assert!(mail.text.contains("for 24 hours."));
        assert!(
            mail.html.contains("<p>Hello O&#39;Hara &#38; Söhne,</p>"),
            "{}",
            mail.html
        );
        assert!(!mail.html.contains("a&b"));
        assert!(!format!("{mail:?}").contains("token"));
    }

    #[test]
    fn a_name_carries_no_message() {
        let wrong = "win at evil.example|https://evil.example|call <b>us</b>|a@b|\u{202e}ada|a\u{85}b|a\nb| \
                     |You have won a prize, so answer at once please";
        for name in wrong.split('|') {
            let text = verification(name).text;
            assert!(text.starts_with("Hello,\n\n"), "{name:?}");
        }
        for name in "J. R. R. Tolkien| Ada |李小龍|अदिति|Jean-Luc d’Arc Jr.".split('|')
        {
            let hello = format!("Hello {},\n", name.trim());
            assert!(verification(name).text.starts_with(&hello), "{name:?}");
        }
    }

    #[test]
    fn every_mail_says_what_to_do_if_it_was_not_asked_for() {
        let changed = PasswordChanged {
            name: None,
            server: "hulk.example".to_owned(),
            at: "2026-01-05 10:11 UTC".to_owned(),
            address: "192.0.2.7".to_owned(),
        };
        let changed = changed.message("ada@example.com").unwrap();
        for text in [changed.text, changed.html] {
            assert!(text.contains("If it was not you"), "{text}");
            assert!(text.contains("2026-01-05 10:11 UTC"), "{text}");
            assert!(text.contains("192.0.2.7"), "{text}");
        }
        let reset = PasswordReset {
            name: None,
            link: LINK.to_owned(),
            hours: 1,
            server: "hulk.example".to_owned(),
        };
        let reset = reset.message("ada@example.com").unwrap();
        assert!(reset.text.lines().any(|line| line == LINK));
        for text in [reset.text, reset.html] {
            assert!(text.contains("If you did not ask for this"), "{text}");
            assert!(text.contains("for 1 hour."), "{text}");
        }
    }
}
