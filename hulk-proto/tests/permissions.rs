//! Permissions of API keys and the rights that they grant.

use hulk_proto::{KeyPermission, Right};

#[test]
fn each_right_and_the_permissions_that_grant_it() {
    use KeyPermission::{All, Read, Upload, Write};
    for (right, granted) in [
        (Right::Read, &[Read, Write, All][..]),
        (Right::Upload, &[Upload, Write, All]),
        (Right::Change, &[Write, All]),
        (Right::Purge, &[All]),
        (Right::Manage, &[All]),
    ] {
        for permission in KeyPermission::ALL {
            let expected = granted.contains(&permission);
            assert_eq!(permission.grants(right), expected, "{permission} {right:?}");
        }
        assert_eq!(granted.first(), Some(&right.least_permission()));
    }
}

#[test]
fn permissions_are_known_by_their_names() {
    for permission in KeyPermission::ALL {
        assert_eq!(permission.as_str().parse::<KeyPermission>(), Ok(permission));
    }
    let error = "delete"
        .parse::<KeyPermission>()
        .map_err(|error| error.to_string());
    let expected = "expected one of read, upload, write, all";
    assert_eq!(error, Err(expected.to_owned()));
}
