#!/bin/sh
# Starts PostgreSQL with the variables that the official image takes.
set -eu
cluster=/var/lib/postgresql/own
if [ ! -d "$cluster" ]; then
  initdb --encoding=UTF8 --auth=scram-sha-256 --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" "$cluster" > /dev/null
  echo "host all all all scram-sha-256" >> "$cluster/pg_hba.conf"
  echo "CREATE DATABASE $POSTGRES_DB" | postgres --single -D "$cluster" postgres > /dev/null
fi
exec postgres -D "$cluster" -c listen_addresses='*' -c unix_socket_directories=/tmp
