//! Rules for new passwords of users.

use hulk_proto::Password;
use zxcvbn::{Score, feedback::Feedback, zxcvbn};

use crate::error::{Error, Result};

const MIN_CHARS: usize = 10;
/// Characters that are judged; longer passwords are as good as these.
const JUDGED_CHARS: usize = 100;

/// Checks a new password. `about` is what an attacker who knows the user would try first.
///
/// # Errors
/// `VALIDATION_ERROR` for `field`, with what would be better.
pub(crate) fn check(
    field: &str,
    password: &Password,
    has_recipe: bool,
    about: &[&str],
) -> Result<()> {
    let text = password.0.as_str();
    if text.chars().count() < MIN_CHARS {
        return Err(Error::validation(
            field,
            format!("a password needs at least {MIN_CHARS} characters"),
        ));
    }
    if has_recipe && !follows_recipe(text) {
        return Err(Error::validation(
            field,
            "a password needs an upper-case letter, a lower-case letter and a digit",
        ));
    }
    let judged: String = text.chars().take(JUDGED_CHARS).collect();
    let judged = zxcvbn(&judged, about);
    match judged.score() >= Score::Two {
        true => Ok(()),
        false => Err(Error::validation(field, advice(judged.feedback()))),
    }
}

fn follows_recipe(text: &str) -> bool {
    text.chars().any(char::is_uppercase)
        && text.chars().any(char::is_lowercase)
        && text.chars().any(|character| character.is_ascii_digit())
}

fn advice(feedback: Option<&Feedback>) -> String {
    let warning = feedback.and_then(Feedback::warning);
    let warning = warning.map(|warning| format!(": {warning}"));
    format!(
        "the password is easy to guess{}; use several unrelated words, or a password manager",
        warning
            .unwrap_or_default()
            .trim_end_matches('.')
            .to_ascii_lowercase()
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_guessed_is_refused() {
        for (text, has_recipe, is_good) in [
            ("short", false, false),
            ("123456789", false, false),
            ("1234567890", false, false),
            ("aaaaaaaaaaaa", false, false),
            ("password1234", false, false),
            ("qwertyuiop", false, false),
            ("ada@example.com", false, false),
            ("correct horse battery", false, true),
            ("correct horse battery", true, false),
            ("Correct horse battery 7", true, true),
            ("ünïcödé-pässwörter", false, true),
        ] {
            let password = Password(text.to_owned());
            let found = check("password", &password, has_recipe, &["ada@example.com"]);
            assert_eq!(found.is_ok(), is_good, "{text}: {found:?}");
        }
        let long = Password("x1y2 z3w4 ".repeat(100_000));
        check("password", &long, false, &[]).unwrap();
    }
}
