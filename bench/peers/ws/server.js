// `ws` as its manual recommends for speed: no compression, the payload made once for all.
import { WebSocketServer } from "ws";

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  path: "/ws",
  backlog: 4096,
  perMessageDeflate: false,
  clientTracking: false,
  skipUTF8Validation: true,
});

const rooms = new Map();
const open = (name) => {
  let room = rooms.get(name);
  if (!room) rooms.set(name, (room = { seq: 0, members: new Set() }));
  return room;
};

server.on("connection", (socket) => {
  const joined = new Set();
  socket.on("message", (data) => {
    const { id, op, d } = JSON.parse(data);
    const room = open(d.room);
    if (op === "join") {
      room.members.add(socket);
      joined.add(room);
      socket.send(`{"id":${id},"ok":{}}`);
      return;
    }
    const seq = ++room.seq;
    const entry = JSON.stringify({ ev: "entry", room: d.room, d: { seq, body: d.body } });
    const payload = Buffer.from(entry);
    for (const member of room.members) member.send(payload, { binary: false });
    socket.send(`{"id":${id},"ok":{"seq":${seq}}}`);
  });
  socket.on("close", () => {
    for (const room of joined) room.members.delete(socket);
  });
  socket.on("error", () => {});
});
