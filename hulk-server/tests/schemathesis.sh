#!/usr/bin/env bash
# Checks a server against its own OpenAPI document: schemathesis sends valid and invalid requests, and no
# response may be a server error or have a status, content type or schema that the document does not state.
#
#   HULK_SERVER_BIN        path of the server binary; default target/debug/hulk-server
#   SCHEMATHESIS           absolute path of schemathesis 4 (`pip install schemathesis`); default from PATH
#   SCHEMATHESIS_SECONDS   duration of each of the two runs; default 80
set -euo pipefail
cd "$(dirname "$0")/../.."

server=$(realpath "${HULK_SERVER_BIN:-target/debug/hulk-server}")
schemathesis=${SCHEMATHESIS:-$(command -v schemathesis || command -v st)} ||
  { echo "schemathesis is not on PATH; set SCHEMATHESIS to its path" >&2; exit 1; }
seconds=${SCHEMATHESIS_SECONDS:-80}

dir=$(mktemp -d)
pid=
stop() {
  if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; fi
  rm -rf "$dir"
}
trap stop EXIT
# Clear the caller's settings, to use SQLite, the embedded store and this run's schemathesis.toml.
for name in "${!HULK_@}" "${!SCHEMATHESIS_@}"; do unset "$name"; done
cd "$dir"

hulk_server() { "$server" --data-dir "$dir/data" "$@"; }
# Prints the value of a field of the JSON on standard input.
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

hulk_server user create --email ada@example.com --password-stdin --verified <<<'correct horse' >user
key=$(hulk_server key create --user ada@example.com --label schemathesis --permissions all)
touch log
"$server" --data-dir "$dir/data" --listen 127.0.0.1:0 >log 2>&1 &
pid=$!
url=
for _ in $(seq 100); do
  url=$(sed -n 's/^listening on //p' log)
  if [ -n "$url" ]; then break; fi
  kill -0 "$pid" 2>/dev/null || break
  sleep 0.1
done
if [ -z "$url" ]; then cat log >&2; exit 1; fi

# Test data: a file in a directory, and links to both.
ask() { curl -fsS -H "Authorization: Bearer $key" "$@"; }
echo hello >hello.txt
ask -LT hello.txt "$url/put/shared/hello.txt" >uploaded
file=$(ask "$url/api/v1/files?limit=1" | field id)
directory=$(ask "$url/api/v1/files/$file" | field directory_id)
share() { ask --json "$1" "$url/api/v1/shares"; }
all='{"can_upload":true,"can_download":true,"can_share":true,"can_delete":true}'
drop=$(share "{\"path\":\"shared\",\"permissions\":$all}" | field token)
read_only=$(share '{"path":"shared/hello.txt"}' | field token)
spare=$(share '{"path":"shared/hello.txt"}' | field id)

# A full quota (507) is documented and not a server error.
cat >schemathesis.toml <<TOML
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 507]
TOML
# For the second run, some requests use ids and tokens that exist.
cat >found.toml <<TOML
[dictionaries.ids]
values = ["$file", "$directory", "$spare"]
[dictionaries.tokens]
values = ["$drop", "$read_only"]
[parameters]
"path.id" = { dictionary = "ids", probability = 0.5 }
"path.link" = { dictionary = "ids", probability = 0.5 }
"path.token" = { dictionary = "tokens", probability = 0.7 }
"query.token" = { dictionary = "tokens", probability = 0.5 }
TOML
cat schemathesis.toml >>found.toml

# Excluded:
#   /hooks/s3-events, which always returns 404 because no secret is set here;
#   DELETE /api/v1/api-keys/{id}, which would revoke the key that the requests use.
# One worker: with more, Hypothesis's caches are not deterministic, which it reports as an error.
run() {
  local config=$1 seed=$2
  "$schemathesis" --config-file "$config" run "$url/api/v1/openapi.json" \
    --header "Authorization: Bearer $key" \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance \
    --exclude-path /hooks/s3-events --exclude-operation-id delete_api_keys_id \
    --max-time "$seconds" --seed "$seed" --workers 1 --max-redirects 0 --request-timeout 20 \
    --generation-database none --no-shrink --no-color --continue-on-failure >report 2>&1 ||
    { cat report; echo "schemathesis failed with $config and seed $seed" >&2; exit 1; }
  tail -n 6 report
}
run schemathesis.toml 1
run found.toml 2

# Fails if the key was deleted meanwhile: then the requests have tested nothing.
ask "$url/api/v1/me" >me
