//! Properties of the types in the wire format.

#![allow(clippy::unwrap_used, reason = "tests")]

use hulk_proto::{
    ApiKeySecret, ErrorBody, ErrorCode, ExpirationPolicy, Id, ListQuery, PartLayout, RemotePath,
    Sha256, Timestamp, key::InvalidKey,
};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_path_that_is_taken_stays_as_it_is(text in any::<String>()) {
        if let Ok(path) = text.parse::<RemotePath>() {
            let again: RemotePath = path.as_str().parse().unwrap();
            prop_assert_eq!(&again, &path);
            prop_assert!(path.as_str().len() <= 1024);
            let traversal = path.names().any(|name| matches!(name, "." | "..") || name.len() > 255);
            prop_assert!(!traversal && !path.as_str().chars().any(char::is_control));
            let joined = path.names().collect::<Vec<_>>().join("/");
            prop_assert_eq!(joined, path.as_str());
        }
    }

    #[test]
    fn a_path_splits_and_joins(names in prop::collection::vec("[a-zé ]{1,20}", 1..6)) {
        let path: RemotePath = names.join("/").parse().unwrap();
        let (parent, name) = path.split().unwrap();
        prop_assert_eq!(parent.join(name).unwrap(), path);
    }

    #[test]
    fn a_key_with_any_one_character_changed_is_refused(position in 0_usize..57, byte in b'0'..=b'z') {
        let key = ApiKeySecret::random().reveal();
        let mut changed = key.clone().into_bytes();
        let position = position % changed.len();
        changed[position] = byte;
        let changed = String::from_utf8(changed).unwrap();
        prop_assert_eq!(changed.parse::<ApiKeySecret>().is_ok(), changed == key);
    }

    #[test]
    fn a_key_with_two_neighbouring_characters_swapped_is_refused(position in 0_usize..56) {
        let key = ApiKeySecret::random().reveal();
        let mut changed = key.clone().into_bytes();
        changed.swap(position, position + 1);
        let changed = String::from_utf8(changed).unwrap();
        prop_assert_eq!(changed.parse::<ApiKeySecret>().is_ok(), changed == key);
    }

    #[test]
    fn keys_survive_the_wire(bytes in any::<[u8; 32]>()) {
        let key = ApiKeySecret::derived(Id::random(), &bytes);
        prop_assert_eq!(key.reveal().parse::<ApiKeySecret>().unwrap(), key);
    }

    #[test]
    fn a_key_that_was_cut_is_refused_as_damaged(
        text in "hulk_[0-9A-Za-z]{12}_[0-9A-Za-z]{32}_[0-9A-Za-z]{0,5}",
    ) {
        prop_assert_eq!(text.parse::<ApiKeySecret>(), Err(InvalidKey::Checksum));
    }

    #[test]
    fn no_text_makes_a_parser_panic(
        text in prop_oneof![any::<String>(), "(hulk)?_?\\PC{10,13}_\\PC{30,33}_\\PC{0,7}"],
    ) {
        let _ = text.parse::<ApiKeySecret>();
        let _ = text.parse::<Id>();
        let _ = text.parse::<Sha256>();
        let _ = text.parse::<Timestamp>();
        let _ = text.parse::<ExpirationPolicy>();
        let _ = serde_json::from_str::<ErrorBody>(&text);
        let _ = ListQuery::from_pairs(&[("order_by".to_owned(), text)]);
    }

    #[test]
    fn times_survive_the_wire(millis in -62_135_596_800_000_i64..253_402_300_800_000) {
        let time = Timestamp::from_unix_millis(millis).unwrap();
        prop_assert_eq!(time.unix_millis(), millis);
        prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
    }

    #[test]
    fn parts_cover_a_file_without_gap_or_overlap(
        size in prop_oneof![0..=64_u64 << 20, 0..=5_u64 << 40, Just(5_u64 << 40)],
    ) {
        let layout = PartLayout::choose(size);
        let count = layout.part_count();
        prop_assert!((1..=10_000).contains(&count));
        prop_assert!(layout.part_size() >= 8 << 20);
        prop_assert_eq!(PartLayout::new(size, layout.part_size()), Ok(layout));
        let mut end = 0;
        for number in 1..=count {
            prop_assert_eq!(layout.offset(number), end);
            end += layout.len(number);
            prop_assert!(number == count || layout.len(number) == layout.part_size());
        }
        prop_assert_eq!(end, size);
        prop_assert_eq!(layout.len(count + 1), 0);
    }

    #[test]
    fn a_part_size_is_taken_or_refused_but_never_changed(size in 0..=5_u64 << 40, part in any::<u64>()) {
        if let Ok(layout) = PartLayout::new(size, part) {
            prop_assert_eq!(layout.part_size(), part);
            prop_assert!(layout.part_count() <= 10_000);
        }
    }

    #[test]
    fn digests_survive_the_wire(bytes in any::<[u8; 32]>()) {
        let digest = Sha256(bytes);
        prop_assert_eq!(digest.to_string().parse::<Sha256>().unwrap(), digest);
    }
}

#[test]
fn a_key_has_its_documented_shape_and_keeps_its_secret() {
    let key = ApiKeySecret::random();
    let text = key.reveal();
    let parts: Vec<&str> = text.split('_').collect();
    assert_eq!(
        parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
        [4, 12, 32, 6]
    );
    assert_eq!((parts[0], parts[1]), ("hulk", key.id().as_str()));
    assert!(!format!("{key:?}").contains(key.secret()));
    assert_eq!(text.parse::<ApiKeySecret>().unwrap(), key);
    assert_eq!("hulk_x".parse::<ApiKeySecret>(), Err(InvalidKey::Shape));
}

#[test]
fn codes_have_their_documented_names_and_statuses() {
    for (code, name, status) in [
        (ErrorCode::ValidationError, "VALIDATION_ERROR", 400),
        (
            ErrorCode::AuthInvalidCredentials,
            "AUTH_INVALID_CREDENTIALS",
            401,
        ),
        (ErrorCode::FileExpired, "FILE_EXPIRED", 410),
        (ErrorCode::DigestMismatch, "DIGEST_MISMATCH", 422),
        (ErrorCode::QuotaExceeded, "QUOTA_EXCEEDED", 507),
    ] {
        assert_eq!((code.as_str(), code.status()), (name, status));
        assert_eq!(serde_json::to_value(code).unwrap(), name);
    }
    let newer: ErrorCode = serde_json::from_str("\"OF_A_NEWER_SERVER\"").unwrap();
    assert_eq!(newer, ErrorCode::Unknown);
}

#[test]
fn policies_are_days() {
    let start: Timestamp = "2026-01-30T00:00:00Z".parse().unwrap();
    assert_eq!(
        "7d".parse::<ExpirationPolicy>()
            .unwrap()
            .expires_at(start)
            .unwrap()
            .to_string(),
        "2026-02-06T00:00:00.000Z"
    );
    assert_eq!(
        "never"
            .parse::<ExpirationPolicy>()
            .unwrap()
            .expires_at(start),
        None
    );
    assert!("8d".parse::<ExpirationPolicy>().is_err());
}
