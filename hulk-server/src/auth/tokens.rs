//! Secret tokens of sessions, mails and links: a prefix that says what they are for, and 256 bits.
//!
//! The database has only their SHA-256: with so many random bits a plain hash is enough.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use hulk_proto::{ApiKeySecret, Id};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

const BYTES: usize = 32;
/// Length of 32 bytes in base64url without padding.
const CHARS: usize = 43;

/// Beginning of an access token, which tells it from an API key.
pub(crate) const ACCESS_PREFIX: &str = "hulka_";

/// What a token is for, and so how it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenPrefix {
    Access,
    Refresh,
    Mail,
    Device,
    /// A link that signs in once.
    Once,
}

impl TokenPrefix {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Access => ACCESS_PREFIX,
            Self::Refresh => "hulkr_",
            Self::Mail => "hulkm_",
            Self::Device => "hulkd_",
            Self::Once => "hulko_",
        }
    }
}

/// A token, which only `reveal` shows.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn random(prefix: TokenPrefix) -> Self {
        Self::of(prefix, Sha256::digest(nanoid::nanoid!(2 * BYTES)).into())
    }

    /// Derives a token from another one of the same session. Without `key` nobody who has `from` can, and
    /// without `from` nobody who has `key`.
    ///
    /// # Errors
    /// Never, since HMAC takes keys of any length.
    pub(crate) fn derived(prefix: TokenPrefix, key: &str, from: &Self) -> Result<Self> {
        let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes());
        let mac = mac.map_err(Error::internal)?;
        let mac = mac.chain_update(prefix.as_str()).chain_update(&from.0);
        Ok(Self::of(prefix, mac.finalize().into_bytes().into()))
    }

    /// Derives the secret of an API key, in the same way.
    ///
    /// # Errors
    /// Never, since HMAC takes keys of any length.
    pub(crate) fn derived_key(&self, id: Id, key: &str) -> Result<ApiKeySecret> {
        let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes());
        let mac = mac.map_err(Error::internal)?;
        let mac = mac.chain_update("hulk_").chain_update(&self.0);
        Ok(ApiKeySecret::derived(
            id,
            &mac.finalize().into_bytes().into(),
        ))
    }

    fn of(prefix: TokenPrefix, bytes: [u8; BYTES]) -> Self {
        Self(format!("{}{}", prefix.as_str(), BASE64.encode(bytes)))
    }

    /// Returns the token, if the text has its form.
    pub(crate) fn parse(prefix: TokenPrefix, text: &str) -> Option<Self> {
        let secret = text.strip_prefix(prefix.as_str())?;
        let is_good = secret.len() == CHARS && BASE64.decode(secret).is_ok();
        is_good.then(|| Self(text.to_owned()))
    }

    /// Returns the digest by which the database finds it.
    pub(crate) fn hash(&self) -> String {
        hulk_proto::Sha256(Sha256::digest(&self.0).into()).to_string()
    }

    /// Returns the whole text, as it is sent to its holder.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PREFIXES: [TokenPrefix; 5] = [
        TokenPrefix::Access,
        TokenPrefix::Refresh,
        TokenPrefix::Mail,
        TokenPrefix::Device,
        TokenPrefix::Once,
    ];

    proptest! {
        #[test]
        fn a_token_is_good_for_one_purpose(bytes in any::<[u8; BYTES]>()) {
            for prefix in PREFIXES {
                let token = Token::of(prefix, bytes);
                for other in PREFIXES {
                    let expected = Some(token.clone()).filter(|_| other == prefix);
                    prop_assert_eq!(Token::parse(other, token.reveal()), expected);
                }
            }
        }

        #[test]
        fn any_text_is_refused_or_stays_as_it_is(
            text in prop_oneof![
                any::<String>(),
                "hulk[armdo]_[A-Za-z0-9_-]{42,44}",
                "hulk[armdo]_[A-Za-z0-9_-]{40,42}[=+/.é]",
            ],
        ) {
            for token in PREFIXES.iter().filter_map(|prefix| Token::parse(*prefix, &text)) {
                prop_assert_eq!(token.reveal(), text.as_str());
                prop_assert_eq!(text.len(), "hulka_".len() + CHARS);
            }
        }
    }

    #[test]
    fn only_the_form_of_the_right_prefix_is_a_token() {
        let token = Token::random(TokenPrefix::Access);
        let text = token.reveal();
        assert_eq!(Token::parse(TokenPrefix::Access, text), Some(token.clone()));
        assert_eq!(Token::parse(TokenPrefix::Refresh, text), None);
        for wrong in [
            "",
            "hulka_",
            &text[..text.len() - 1],
            &format!("{text}A"),
            &text.replace("hulka_", "HULKA_"),
            &format!("{}!", &text[..text.len() - 1]),
        ] {
            assert_eq!(Token::parse(TokenPrefix::Access, wrong), None, "{wrong}");
        }
        assert!(!format!("{token:?}").contains(&text[10..]));
    }

    #[test]
    fn a_successor_needs_the_key_and_the_predecessor() {
        let first = Token::random(TokenPrefix::Refresh);
        let next =
            |key: &str, from: &Token| Token::derived(TokenPrefix::Refresh, key, from).unwrap();
        assert_eq!(next("key", &first), next("key", &first));
        assert_ne!(next("key", &first), next("other", &first));
        assert_ne!(
            next("key", &first),
            next("key", &Token::random(TokenPrefix::Refresh))
        );
        let access = Token::derived(TokenPrefix::Access, "key", &first).unwrap();
        assert_ne!(access.reveal()[6..], next("key", &first).reveal()[6..]);
    }
}
