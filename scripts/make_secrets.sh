#!/bin/sh
# Makes the secrets that docker-compose.yml reads, in secrets/ (or in the folder given). What is there already stays.
# Two are left empty for you to fill: freshdesk_api_key and groq_api_key.
set -eu

usage='usage: make_secrets.sh [FOLDER]
Makes the secrets that docker-compose.yml reads, in secrets/ or in FOLDER. What is there already stays.'
case "${1:-}" in
-h | --help) echo "$usage" && exit ;;
-*) echo "make_secrets.sh: there is no option $1; a folder of that name is ./$1
$usage" >&2 && exit 2 ;;
esac

folder="${1:-$(dirname "$0")/../secrets}"
mkdir -p "$folder"
# The folder keeps other users of this machine out; the files must be readable by the containers' own users, since
# compose mounts them as they are.
chmod 700 "$folder"
umask 022
echo '*' >"$folder/.gitignore"

word() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
keep() { # name, content
    [ -e "$folder/$1" ] || printf '%s' "$2" >"$folder/$1"
}

keep postgres_password "$(word)"
keep redis_password "$(word)"
keep minio_password "$(word)"
keep milvus_token "root:$(word)"
keep freshdesk_webhook_secret "$(word)"
keep console_secret "$(word)"
keep database_url "postgresql+psycopg://deskhand:$(cat "$folder/postgres_password")@postgres:5432/deskhand"
keep redis_url "redis://:$(cat "$folder/redis_password")@redis:6379/0"
keep freshdesk_api_key ""
keep groq_api_key ""

for name in freshdesk_api_key groq_api_key; do
    [ -s "$folder/$name" ] || echo "Empty so far: $folder/$name"
done
