#!/usr/bin/env bash
# Makes every secret of a deployment, once: what is there is left as it is. Each reader has a volume of its own.
#
#   $SECRETS/nodes/keyfile                                  mongod, mongos
#   $SECRETS/database/{admin,owner,app}_password            the init scripts
#   $SECRETS/owner/mongo_uri                                `shardmart prepare`: may create and shard collections
#   $SECRETS/shop/{mongo_uri,secret_key,admin_password}     the app nodes
#
# MONGO_HOSTS and MONGO_OPTIONS make the connection strings.
set -eu
umask 077
secrets=${SECRETS:-/secrets}
database_user=${DATABASE_USER:-999:999} shop_user=${SHOP_USER:-10001:10001}

random() { head -c "$1" /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

# once FILE CONTENT, put FILE CONTENT: whole or not at all, also when this is killed in the middle
once() {
    [ -e "$1" ] && return 1
    put "$1" "$2"
}

put() {
    printf '%s\n' "$2" >"$1.new"
    sync "$1.new"
    mv -f "$1.new" "$1"
}

uri() { echo "mongodb://$1:$(cat "$secrets/database/$2_password")@$MONGO_HOSTS/?$MONGO_OPTIONS"; }

mkdir -p "$secrets"/{nodes,database,owner,shop}
once "$secrets/nodes/keyfile" "$(random 256)" || true
for name in admin owner app; do
    once "$secrets/database/${name}_password" "$(random 24)" || true
done
put "$secrets/owner/mongo_uri" "$(uri shardmart-owner owner)"
put "$secrets/shop/mongo_uri" "$(uri shardmart-app app)"
once "$secrets/shop/secret_key" "$(random 32)" || true
password=$(random 12)
if once "$secrets/shop/admin_password" "$password"; then
    echo "The shop's first admin, shown this once: ${SHARDMART_ADMIN_EMAIL:-admin@example.com}, password $password"
fi

chmod 700 "$secrets"/{nodes,database,owner,shop}
chmod 400 "$secrets"/*/*
chown -R "$database_user" "$secrets"/{nodes,database}
chown -R "$shop_user" "$secrets"/{owner,shop}
