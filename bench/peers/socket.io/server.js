// Socket.IO as its manual recommends for speed: the websocket transport alone, no compression, and
// `ws` as the engine (eiows and uWebSockets.js are not on the registry in a form that installs
// everywhere). STORE: "memory", "each" (one commit per message), "turn" (one per event-loop turn).
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Server } from "socket.io";

const [port, store, folder] = process.argv.slice(2);
const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
});

const heads = new Map();
const next = (room) => {
  const seq = (heads.get(room) ?? 0) + 1;
  heads.set(room, seq);
  return seq;
};

function database() {
  const Database = createRequire(import.meta.url)("better-sqlite3");
  const db = new Database(join(folder, "chat.db"));
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec(
    "CREATE TABLE messages (id INTEGER PRIMARY KEY, room TEXT NOT NULL, seq INTEGER NOT NULL, " +
      "at INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE (room, seq))",
  );
  const insert = db.prepare("INSERT INTO messages (room, seq, at, body) VALUES (?, ?, ?, ?)");
  return { db, insert };
}

const publish = (room, seq, body, ack) => {
  io.to(room).emit("m", seq, body);
  ack(seq);
};

function sender() {
  if (store === "memory") {
    return (room, body, ack) => publish(room, next(room), body, ack);
  }
  const { db, insert } = database();
  if (store === "each") {
    return (room, body, ack) => {
      const seq = next(room);
      insert.run(room, seq, Date.now(), body);
      publish(room, seq, body, ack);
    };
  }
  let waiting = [];
  const commit = db.transaction((batch) => {
    for (const { room, seq, body } of batch) insert.run(room, seq, Date.now(), body);
  });
  const turn = () => {
    const batch = waiting;
    waiting = [];
    commit(batch);
    for (const { room, seq, body, ack } of batch) publish(room, seq, body, ack);
  };
  return (room, body, ack) => {
    if (waiting.push({ room, seq: next(room), body, ack }) === 1) setImmediate(turn);
  };
}

const send = sender();
io.on("connection", (socket) => {
  socket.on("join", (room, ack) => {
    socket.join(room);
    ack();
  });
  socket.on("send", send);
});
http.listen({ port: Number(port), host: "127.0.0.1", backlog: 4096 });
