// Makes members a replica set and creates its users: mongosh --nodb --quiet set.js
//
//   SET          its name                          HOSTS   host:port,host:port,…
//   CONFIGSVR    1 for config servers
//   PASSWORDS    a folder with {admin,owner,app}_password; without it no users are made (nodes without a key file)
//   SHOP         1 where the shop's documents are reached: a replica set, or the config set, whose users are those
//                of mongos. A shard's own users are for looking at it only.
//   LOCAL        the first host as this script reaches it: as localhost, or nobody may create the first user
//
// May run again at any time: it does what is still to be done.
const fs = require("fs");

const SECONDS = 120;
const { SET, PASSWORDS } = process.env;
const HOSTS = process.env.HOSTS.split(",");
const LOCAL = process.env.LOCAL || "localhost:27017";
const SETTINGS = { electionTimeoutMillis: 2000, heartbeatIntervalMillis: 500, chainingAllowed: false };
const WATCHING = { role: "clusterMonitor", db: "admin" };
const APP_ACTIONS = [
  "find", "insert", "update", "remove", "changeStream", "collStats", "dbStats", "listCollections", "listIndexes",
  // what `serve` does at its start if `shardmart prepare` has not done it
  "createCollection", "createIndex",
];

const password = (name) => fs.readFileSync(`${PASSWORDS}/${name}_password`, "utf8").trim();
const options = "serverSelectionTimeoutMS=3000&connectTimeoutMS=3000";

function connect(hosts, more, user) {
  const who = user ? `${user}:${password(user)}@` : "";
  return new Mongo(`mongodb://${who}${hosts}/?${options}&${more}`).getDB("admin");
}

const local = (user) => connect(LOCAL, "directConnection=true", user);
const whole = () => connect(HOSTS.join(","), `replicaSet=${SET}`, PASSWORDS && "admin");

// the first result that is not false; errors count as false until the time is up, so every step may be repeated
function until(what, attempt) {
  const deadline = Date.now() + SECONDS * 1000;
  for (;;) {
    let last = "";
    try {
      const result = attempt();
      if (result) return result;
    } catch (error) {
      last = `: ${error.message}`;
    }
    if (Date.now() > deadline) throw new Error(`${SET}: not within ${SECONDS} s: ${what}${last}`);
    sleep(250);
  }
}

// A set of one first: that its only member is primary is what makes the first user possible.
function initiate() {
  const member = PASSWORDS ? asAdmin() : local();
  if (member.hello().setName) return true;
  const config = { _id: SET, members: [{ _id: 0, host: HOSTS[0] }], settings: SETTINGS };
  if (process.env.CONFIGSVR) config.configsvr = true;
  return member.adminCommand({ replSetInitiate: config }).ok;
}

// There is no such user before the first start; there is one already in documents restored from a backup.
function asAdmin() {
  try {
    const member = local("admin");
    member.runCommand({ ping: 1 }); // it connects, and logs in, when it is first used
    return member;
  } catch (error) {
    if (error.code !== 18) throw error; // AuthenticationFailed
    return local();
  }
}

// The first one by the localhost exception, which ends with it.
function createAdmin() {
  const member = asAdmin();
  if (member.runCommand({ connectionStatus: 1 }).authInfo.authenticatedUsers.length) return true;
  return member.createUser({ user: "admin", pwd: password("admin"), roles: [{ role: "root", db: "admin" }] }).ok;
}

function addMembers() {
  const admin = whole();
  for (const host of HOSTS) {
    const { config } = admin.adminCommand({ replSetGetConfig: 1 });
    if (!config.members.some((member) => member.host === host)) {
      config.members.push({ _id: Math.max(...config.members.map((member) => member._id)) + 1, host });
      config.version += 1;
      admin.adminCommand({ replSetReconfig: config });
    }
    // one after the other: a majority must hold the data at every moment
    until(`${host} holds the data`, () =>
      admin.adminCommand({ replSetGetStatus: 1 }).members.some((m) => m.name === host && [1, 2].includes(m.state)),
    );
  }
  return true;
}

function putUser(admin, user, pwd, roles) {
  if (admin.getUser(user)) admin.updateUser(user, { pwd, roles });
  else admin.createUser({ user, pwd, roles });
}

function createUsers() {
  const admin = whole();
  if (!process.env.SHOP) {
    putUser(admin, "shardmart-app", password("app"), [WATCHING]);
    return true;
  }
  const privileges = [{ resource: { db: "shardmart", collection: "" }, actions: APP_ACTIONS }];
  if (admin.getRole("shardmartApp")) admin.updateRole("shardmartApp", { privileges, roles: [] });
  else admin.createRole({ role: "shardmartApp", privileges, roles: [] });
  putUser(admin, "shardmart-app", password("app"), [{ role: "shardmartApp", db: "admin" }, WATCHING]);
  putUser(admin, "shardmart-owner", password("owner"), [
    { role: "dbOwner", db: "shardmart" },
    { role: "clusterManager", db: "admin" },
  ]);
  return true;
}

until("it is initiated", initiate);
until("it has a primary", () => local().hello().isWritablePrimary || local().hello().primary);
if (PASSWORDS) until("its admin is there", createAdmin);
until("all are members", addMembers);
if (PASSWORDS) until("its users are there", createUsers);
print(`${SET}: ${HOSTS.length} members${PASSWORDS ? ", users" : ""}`);
