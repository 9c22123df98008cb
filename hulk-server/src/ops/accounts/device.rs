//! Lets programs log in for a user who types a code on the page (RFC 8628). `db::device_codes` has the table
//! of states.

use std::time::Duration;

use hulk_proto::{
    CreateApiKey, ErrorCode, Id, KeyPermission, Right, Timestamp,
    device::{DeviceCode, DeviceKey},
};
use nanoid::nanoid;
use serde_json::json;

use super::keys::{check_count, insert_key};
use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::{
        Caller, Client, check_active,
        tokens::{Token, TokenPrefix},
    },
    db::{
        Write,
        device_codes::{self, DeviceCodeRow, DeviceState},
        users,
    },
    error::{Error, Result},
    limits::attempts::Attempt,
    ops::{transaction::transaction, validate},
};

const LIFE: Duration = Duration::from_secs(15 * 60);
const PAUSE: Duration = Duration::from_secs(5);
/// What a poll may be early: clocks and lines are not exact.
const SLACK: Duration = Duration::from_secs(1);
/// Added to the pause of a program that polls too often (RFC 8628, section 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// Consonants: no code spells a word (RFC 8628, section 6.1).
const CONSONANTS: [char; 20] = [
    'B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X',
    'Z',
];
const USER_CODE_CHARS: usize = 8;

/// Returns codes for a program, and for its user to type on the page.
///
/// # Errors
/// `VALIDATION_ERROR` for a name that cannot be shown, `TOO_MANY_REQUESTS`.
pub async fn request_code(app: &App, client: &Client, name: &str) -> Result<DeviceCode> {
    validate::label(name).map_err(|message| Error::validation("client_name", message))?;
    Attempt::DeviceCode
        .count(&app.db, &app.settings.rate_limits, client.address, None)
        .await?;
    let device_code = Token::random(TokenPrefix::Device);
    let now = Timestamp::now();
    let mut row = DeviceCodeRow {
        device_hash: device_code.hash(),
        user_code: String::new(),
        client: name.to_owned(),
        address: client.address.to_string(),
        state: DeviceState::Pending,
        user_id: None,
        permissions: None,
        key_id: Id::random().to_string(),
        token_key: Token::random(TokenPrefix::Device).reveal().to_owned(),
        pause_millis: millis(PAUSE),
        polled_at: 0,
        created_at: now.unix_millis(),
        expires_at: now.saturating_add(LIFE).unix_millis(),
    };
    // Not through `ops::transaction`: it belongs to no user yet.
    let mut transaction = app.db.write().await?;
    loop {
        row.user_code = nanoid!(USER_CODE_CHARS, &CONSONANTS);
        if device_codes::insert(&mut transaction, &row).await? {
            break;
        }
    }
    transaction.commit().await?;
    let (first, second) = row.user_code.split_at(USER_CODE_CHARS / 2);
    Ok(DeviceCode {
        device_code: device_code.reveal().to_owned(),
        user_code: format!("{first}-{second}"),
        verification_uri: format!("{}/device", app.settings.public_url),
        expires_in: LIFE.as_secs(),
        interval: PAUSE.as_secs(),
    })
}

/// Returns the program's key once a user has agreed; the same again, if the program asks again.
///
/// # Errors
/// `AUTHORIZATION_PENDING`, `SLOW_DOWN`, `ACCESS_DENIED`, `EXPIRED_TOKEN` also for an unknown code,
/// `ACCOUNT_DISABLED`.
pub async fn redeem(app: &App, text: &str) -> Result<DeviceKey> {
    let code = Token::parse(TokenPrefix::Device, text).ok_or_else(expired)?;
    let mut connection = app.db.read().await?;
    let found = device_codes::find(&mut connection, &code.hash()).await?;
    let user = match found.as_ref().and_then(|found| found.user_id.as_deref()) {
        Some(id) => users::find(&mut connection, id).await?,
        None => None,
    };
    drop(connection);
    let now = Timestamp::now();
    let found = found.filter(|found| found.expires_at > now.unix_millis());
    let found = found.ok_or_else(expired)?;
    let refused = |code, message| Err(Error::new(code, message));
    match (found.state, user) {
        (DeviceState::Pending, _) => {
            let (code, message) = match polled(app, &found, now).await? {
                true => (
                    ErrorCode::AuthorizationPending,
                    "the user has not decided yet",
                ),
                false => (
                    ErrorCode::SlowDown,
                    "wait 5 seconds longer between two polls",
                ),
            };
            refused(code, message)
        }
        (DeviceState::Approved | DeviceState::Claimed, Some(user)) => {
            check_active(&user)?;
            let id = found.key_id.parse().map_err(Error::internal)?;
            let secret = code.derived_key(id, &found.token_key)?;
            let actor = Actor::Server { user_id: &user.id };
            transaction!(&app.db, actor, async |tx| {
                create_key(tx, &user.id, &found, &secret).await
            })?;
            Ok(DeviceKey {
                api_key: secret.reveal(),
            })
        }
        _ => refused(ErrorCode::AccessDenied, "the user has refused this log-in"),
    }
}

/// Creates the key of an approved code, unless that was done before.
async fn create_key(
    transaction: &mut Write,
    user_id: &str,
    code: &DeviceCodeRow,
    secret: &hulk_proto::ApiKeySecret,
) -> Result<()> {
    if !device_codes::claim(transaction, &code.device_hash).await? {
        return Ok(());
    }
    check_count(transaction, user_id).await?;
    let request = CreateApiKey {
        label: code.client.clone(),
        permissions: code.permissions.unwrap_or(KeyPermission::Read),
        expires_at: None,
        path: None,
    };
    insert_key(transaction, user_id, secret, &request, None).await?;
    let actor = Actor::Server { user_id };
    Ok(audit::record(transaction, actor, Action::KeyCreate, secret.id().as_str()).await?)
}

/// Records a poll. Returns false if it came too early; then the pause grows.
async fn polled(app: &App, code: &DeviceCodeRow, now: Timestamp) -> Result<bool> {
    let pause = code.pause_millis;
    let is_early = now.unix_millis() - code.polled_at < pause - millis(SLACK);
    let pause = pause + if is_early { millis(SLOWER) } else { 0 };
    // Not through `ops::transaction`: it belongs to no user yet.
    let mut transaction = app.db.write().await?;
    device_codes::poll(&mut transaction, &code.device_hash, now, pause).await?;
    transaction.commit().await?;
    Ok(!is_early)
}

/// A program that waits for the decision of a user who has typed its code.
pub struct Waiting {
    pub user_code: String,
    pub client: String,
    pub address: String,
    pub since: Timestamp,
}

/// Finds the program whose code was typed. Only wrong codes count against the limit of guesses.
///
/// # Errors
/// `FORBIDDEN` for a caller who may not manage keys, `NOT_FOUND`, `TOO_MANY_REQUESTS`.
pub async fn find_waiting(
    app: &App,
    client: &Client,
    caller: &Caller,
    typed: &str,
) -> Result<Waiting> {
    caller.require(Right::Manage)?;
    let account = Some(caller.user.id.as_str());
    // Before the code is looked up, so that guesses at once are counted too.
    Attempt::DeviceGuess
        .count(&app.db, &app.settings.rate_limits, client.address, account)
        .await?;
    let mut connection = app.db.read().await?;
    let now = Timestamp::now();
    let found = device_codes::find_pending(&mut connection, &normalized(typed), now).await?;
    drop(connection);
    let found = found.ok_or_else(|| {
        Error::new(
            ErrorCode::NotFound,
            "no program waits with this code; check it, or start the log-in again",
        )
    })?;
    Attempt::DeviceGuess
        .uncount(&app.db, client.address, account)
        .await?;
    Ok(Waiting {
        since: Timestamp::from_unix_millis(found.created_at).map_err(Error::internal)?,
        user_code: found.user_code,
        client: found.client,
        address: found.address,
    })
}

/// Lets the program log in, or refuses it. Its key permits what the caller may.
///
/// # Errors
/// Those of `find_waiting`.
pub async fn decide(
    app: &App,
    client: &Client,
    caller: &Caller,
    typed: &str,
    is_approved: bool,
) -> Result<Waiting> {
    let waiting = find_waiting(app, client, caller, typed).await?;
    let state = match is_approved {
        true => DeviceState::Approved,
        false => DeviceState::Denied,
    };
    let by = (caller.user.id.as_str(), caller.credential.permissions());
    let actor = Actor::from(caller);
    let action = match is_approved {
        true => Action::DeviceApprove,
        false => Action::DeviceDeny,
    };
    let is_decided = transaction!(&app.db, actor, async |tx| {
        let now = Timestamp::now();
        let details = json!({ "client": waiting.client, "address": waiting.address });
        audit::record_with(tx, actor, action, &caller.user.id, details).await?;
        Ok(device_codes::decide(tx, &waiting.user_code, state, by, now).await?)
    })?;
    match is_decided {
        true => Ok(waiting),
        false => Err(Error::new(
            ErrorCode::Conflict,
            "this log-in was decided before, or has expired",
        )),
    }
}

/// Returns a code as it is stored, however the user has typed it.
fn normalized(typed: &str) -> String {
    let letters = typed
        .chars()
        .filter(|character| character.is_alphanumeric());
    letters
        .take(USER_CODE_CHARS + 1)
        .flat_map(char::to_uppercase)
        .collect()
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

fn expired() -> Error {
    Error::new(
        ErrorCode::ExpiredToken,
        "this code is unknown or has expired; start the log-in again",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_code_is_found_however_it_is_typed(
            code in "[BCDFGHJKLMNPQRSTVWXZ]{8}",
            between in "[ ._–-]{0,3}",
            more in "[a-zA-Z0-9é]",
        ) {
            let (first, second) = code.split_at(4);
            let typed = format!("{between}{first}{between}{second}{between}");
            prop_assert_eq!(normalized(&typed), code.as_str());
            prop_assert_eq!(normalized(&typed.to_lowercase()), code.as_str());
            // What is too long is another code, and not cut to this one.
            prop_assert_ne!(normalized(&format!("{typed}{more}")), code);
        }

        #[test]
        fn what_is_typed_is_looked_up_by_a_short_text(typed in any::<String>()) {
            // One character is up to three in upper case.
            prop_assert!(normalized(&typed).chars().count() <= 3 * (USER_CODE_CHARS + 1));
        }
    }
}
