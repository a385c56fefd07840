// Makes replica sets the shards of a cluster: mongosh --nodb --quiet shards.js
//
//   ROUTER      host:port of a mongos
//   SHARDS      name/host:port,host:port;name/host:port,…
//   PASSWORDS   a folder with admin_password; without it nobody logs in
//
// May run again at any time. Collections are created, sharded and pinned by zones by `shardmart prepare` afterwards,
// which knows them.
const fs = require("fs");

const SECONDS = 120;
const { PASSWORDS, ROUTER } = process.env;
const SHARDS = process.env.SHARDS.split(";");

function addAll() {
  const who = PASSWORDS ? `admin:${fs.readFileSync(`${PASSWORDS}/admin_password`, "utf8").trim()}@` : "";
  const router = new Mongo(`mongodb://${who}${ROUTER}/?serverSelectionTimeoutMS=3000`).getDB("admin");
  const known = router.adminCommand({ listShards: 1 }).shards.map((shard) => shard._id);
  for (const shard of SHARDS) {
    const name = shard.split("/")[0];
    if (!known.includes(name)) router.adminCommand({ addShard: shard, name });
  }
}

const deadline = Date.now() + SECONDS * 1000;
for (;;) {
  try {
    addAll();
    break;
  } catch (error) {
    if (Date.now() > deadline) throw error;
    sleep(500);
  }
}
print(`shards: ${SHARDS.length}`);
