//! Uploads a file of two parts as any other file, downloads some of it, and deletes it.

use hulk_proto::{
    CreateFile, CreatedFile, ErrorCode, ExpirationPolicy, Id, Multipart, Permission, RemotePath,
    ReportUpload, Upload, file::ReportedStatus, health::Check, upload::SignedPart,
};
use reqwest::{Method, RequestBuilder, Response, header};
use url::Url;

use super::report::{Report, seconds_ahead};
use crate::{
    client::Client,
    error::{Error, Result},
    http::answer::{read_at_most, shown, unreachable},
};

/// Smallest size of a part other than the last; the second part has one byte.
const PART: usize = 5 << 20;
const BYTE: u8 = 0x68;

/// Tries it in the directory that the key is bound to, or in the root.
pub(super) async fn try_one(
    client: &Client,
    report: &mut Report<'_>,
    bound_to: Option<&RemotePath>,
    may_purge: bool,
) {
    let created = match client.create_file(&request(bound_to)).await {
        Ok(created) => created,
        Err(error) => {
            report.add(refused("upload", &error));
            return;
        }
    };
    let id = created.file.id.clone();
    let outcome = transfer(client, report, created).await;
    if let Err(check) = outcome {
        report.add(check);
    }
    if let Err(error) = client.delete_file(&id, may_purge).await {
        report.add(Check::warning(
            "clean-up",
            format!("the test file could not be deleted: {error}"),
            "delete the file that begins with .hulk-doctor ('hulk ls'); it expires in a day anyway",
        ));
    }
}

fn request(bound_to: Option<&RemotePath>) -> CreateFile {
    let name = format!(".hulk-doctor-{}", Id::random());
    // An id has only characters that a path may have; otherwise the server refuses the root.
    let path = match bound_to {
        Some(directory) => directory.join(&name),
        None => name.parse(),
    };
    let path = path.unwrap_or_else(|_| RemotePath::root());
    CreateFile {
        part_size: Some(PART as u64),
        expiration_policy: Some(ExpirationPolicy::Days1),
        permissions: Some(Permission::Private),
        ..CreateFile::new(path, Some(PART as u64 + 1))
    }
}

async fn transfer(
    client: &Client,
    report: &mut Report<'_>,
    created: CreatedFile,
) -> std::result::Result<(), Check> {
    let Upload::Multipart(Multipart { parts, .. }) = &created.upload else {
        return Err(Check::failed(
            "upload",
            "the server did not plan a multipart upload",
            "update the server, or this hulk command",
        ));
    };
    let [first, second] = parts.as_slice() else {
        return Err(Check::failed(
            "upload",
            format!("the server signed {} of two parts", parts.len()),
            "update the server, or this hulk command",
        ));
    };
    let store = Url::parse(&first.url).map_err(|_| {
        Check::failed(
            "upload",
            "the server returned an invalid store URL",
            "check the server's --s3-endpoint",
        )
    })?;
    send(client, report, &store, first, second).await?;
    report.add(preflight(client, &store, &first.url).await);
    let done = ReportUpload {
        status: ReportedStatus::Uploaded,
        version: Some(created.file.version),
        sha256: None,
        md5: None,
        part_etags: None,
    };
    let file = client.report_upload(&created.file.id, &done).await;
    let file = file.map_err(|error| refused("part rules", &error))?;
    report.add(Check::good("part rules", "a multipart upload completes"));
    report.add(range(client, &file.url).await);
    Ok(())
}

/// Sends both parts; the second is first sent damaged, which the store must refuse.
async fn send(
    client: &Client,
    report: &mut Report<'_>,
    store: &Url,
    first: &SignedPart,
    second: &SignedPart,
) -> std::result::Result<(), Check> {
    let sent = answer(put(client, first, vec![BYTE; PART]), store).await?;
    if sent.status() == 413 {
        return Err(Check::failed(
            "upload",
            format!(
                "a proxy in front of {} refuses bodies of 5 MiB",
                shown(store)
            ),
            "raise its limit (nginx: client_max_body_size 0)",
        ));
    }
    let ahead = seconds_ahead(&sent);
    let what = format!(
        "{} answered {} to a part of 5 MiB",
        shown(store),
        sent.status()
    );
    if !sent.status().is_success() {
        let fix = "run 'hulk-server storage init'; check the clocks, and any proxy in between: it must \
                   forward PUT, Host, Content-Length and the query unchanged";
        return Err(Check::failed("upload", what, fix));
    }
    report.add(Check::good("upload", what));
    report.extend(ahead.map(|ahead| Check::clock("store clock here", ahead)));
    let damaged = put(client, second, vec![BYTE]).header("content-md5", "AAAAAAAAAAAAAAAAAAAAAA==");
    let damaged = answer(damaged, store).await?.status();
    report.add(match damaged.as_u16() {
        400 => Check::good("damage", "bytes that are damaged on the way are refused"),
        _ => Check::failed(
            "damage",
            format!("the store answered {damaged} to bytes that do not match their Content-MD5"),
            "no proxy in between may drop Content-MD5",
        ),
    });
    let sent = answer(put(client, second, vec![BYTE]), store)
        .await?
        .status();
    match sent.is_success() {
        true => Ok(()),
        false => Err(Check::failed(
            "upload",
            format!("the store answered {sent} to the last part"),
            "see the store's log",
        )),
    }
}

fn put(client: &Client, part: &SignedPart, body: Vec<u8>) -> RequestBuilder {
    let put = client.net().http.put(&part.url).body(body);
    let own = part
        .headers
        .iter()
        .filter(|(name, _)| *name != "content-length");
    own.fold(put, |put, (name, value)| put.header(name, value))
}

async fn answer(request: RequestBuilder, url: &Url) -> std::result::Result<Response, Check> {
    let answered = request.timeout(std::time::Duration::from_secs(60)).send();
    answered.await.map_err(|error| {
        Check::failed(
            "upload",
            unreachable(url, &error).to_string(),
            "the store must be reachable from here: check the server's --s3-endpoint or --public-url, \
             DNS, firewalls and proxies",
        )
    })
}

/// Sends the preflight request of a browser that uploads from a page of the server.
async fn preflight(client: &Client, store: &Url, url: &str) -> Check {
    let name = "browser uploads";
    let origin = client.server().origin().ascii_serialization();
    let asked = client
        .net()
        .http
        .request(Method::OPTIONS, url)
        .header(header::ORIGIN, &origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "PUT")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-md5");
    let allowed = match answer(asked, store).await {
        Ok(answer) => answer
            .headers()
            .get(header::ACCESS_CONTROL_ALLOW_ORIGIN)
            .is_some_and(|allowed| allowed == "*" || allowed == origin.as_str()),
        Err(check) => return check,
    };
    match allowed {
        true => Check::good(name, format!("pages of {origin} may upload")),
        false => Check::warning(
            name,
            format!(
                "the store does not let pages of {origin} upload; the hulk command is not affected"
            ),
            "run 'hulk-server storage init' with the server's --public-url",
        ),
    }
}

async fn range(client: &Client, link: &str) -> Check {
    let name = "download";
    match try_range(client, link).await {
        Ok(true) => Check::good(
            name,
            "a link leads to the bytes, including a range in the middle of the file",
        ),
        Ok(false) => Check::failed(
            name,
            "'Range: bytes=5242879-5242880' did not return these bytes",
            "no proxy in between may drop Range or change bodies",
        ),
        Err(error) => refused(name, &error),
    }
}

async fn try_range(client: &Client, link: &str) -> Result<bool> {
    let link =
        Url::parse(link).map_err(|_| Error::unreachable("the server returned an invalid URL"))?;
    let redirect = client.link(&link).send().await;
    let redirect = redirect.map_err(|error| unreachable(&link, &error))?;
    let location = redirect.headers().get(header::LOCATION);
    let location = location.and_then(|location| location.to_str().ok());
    let location = location.and_then(|location| link.join(location).ok());
    let location = location.ok_or_else(|| {
        let status = redirect.status();
        Error::unreachable(format!("{} answered {status} to a link", shown(&link)))
    })?;
    let got = client.net().http.get(location.clone());
    let got = got
        .header(header::RANGE, "bytes=5242879-5242880")
        .send()
        .await;
    let got = got.map_err(|error| unreachable(&location, &error))?;
    let is_partial = got.status() == 206;
    let (bytes, has_more) = read_at_most(got, 2).await?;
    Ok(is_partial && !has_more && bytes == [BYTE, BYTE])
}

fn refused(name: &str, error: &Error) -> Check {
    let fix = match error.code {
        ErrorCode::QuotaExceeded => "delete something, or ask the operator for a larger quota",
        ErrorCode::StoreUnavailable => "see the server's log: its store fails",
        _ => error.hint().unwrap_or("see the server's log"),
    };
    Check::failed(name, error.to_string(), fix)
}
