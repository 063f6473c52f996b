#!/bin/sh
# Run once by the postgres image, on an empty volume: the engine and the store each get their own
# role and databases, so that neither can read the other's.
set -eu

# Passwords go in as psql variables and come out quoted by psql.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set temporal_password="$TEMPORAL_DB_PASSWORD" \
    --set jiesu_password="$JIESU_DB_PASSWORD" <<'SQL'
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE ROLE jiesu LOGIN PASSWORD :'jiesu_password';

CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE jiesu OWNER jiesu;

REVOKE CONNECT ON DATABASE temporal, temporal_visibility, jiesu FROM PUBLIC;
SQL
