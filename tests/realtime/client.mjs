// The JavaScript client, as browsers use it: a line of JSON for everything a socket hears, until standard input ends.
import { createRequire } from "node:module";

const require = createRequire(`${process.cwd()}/frontend/package.json`);
const { io } = require("socket.io-client");
const { url, clients } = JSON.parse(process.argv[2]);
const say = (socket, event, payload) => console.log(JSON.stringify({ socket, event, payload }));

const sockets = clients.map(({ auth, product_ids }, number) => {
  const socket = io(url, { transports: ["websocket"], auth, forceNew: true, reconnection: false });
  socket.onAny((event, payload) => say(number, event, payload));
  socket.on("connect", () => socket.emit("subscribe", { product_ids }, (answer) => say(number, "subscribed", answer)));
  socket.on("connect_error", (error) => say(number, "connect_error", { message: error.message, data: error.data }));
  socket.on("disconnect", (reason) => say(number, "disconnect", { reason }));
  return socket;
});
process.stdin.resume().on("end", () => sockets.forEach((socket) => socket.disconnect()));
