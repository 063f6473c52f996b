#!/bin/sh
# Brings the engine's two databases to the schema of this image's version. Safe to run again: what is
# already there is left alone. Where to connect is in SQL_HOST, SQL_PORT, SQL_USER and SQL_PASSWORD.
set -eu

prepare() { # DATABASE SCHEMA
    temporal-sql-tool --plugin postgres12 --db "$1" setup-schema -v 0.0
    temporal-sql-tool --plugin postgres12 --db "$1" update-schema \
        -d "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility
