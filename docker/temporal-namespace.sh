#!/bin/sh
# Creates the namespace the tickets live in, with its retention and search attributes. Safe to run
# again, and the way to change the retention later. The engine is at TEMPORAL_ADDRESS.
set -eu

# A new engine takes a while to be healthy, and a new namespace some seconds to be known everywhere.
patiently() { # COMMAND...
    attempt=1
    until "$@"; do
        [ "$attempt" -lt 30 ] || return 1
        attempt=$((attempt + 1))
        sleep 2
    done
}

patiently temporal operator cluster health

if temporal operator namespace describe --namespace "$NAMESPACE" >/dev/null 2>&1; then
    patiently temporal operator namespace update --namespace "$NAMESPACE" --retention "$RETENTION"
else
    temporal operator namespace create --namespace "$NAMESPACE" --retention "$RETENTION"
fi

# What a ticket may be found by in the engine. Never encrypted, so never about a person. One command
# for each: given several names, the tool creates the first and reports success.
for attribute in City Kind; do
    patiently temporal operator search-attribute create --namespace "$NAMESPACE" \
        --name "$attribute" --type Keyword
done
