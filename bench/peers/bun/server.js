// Bun's own publish: rooms are topics of its server, which is the uWebSockets engine.
const heads = new Map();

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch(request, server) {
    if (server.upgrade(request)) return;
    return new Response("a WebSocket is expected", { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    // A slow reader is not cut: what the others get under stalls is to be seen.
    backpressureLimit: 16 * 1024 * 1024,
    message(socket, data) {
      const { id, op, d } = JSON.parse(data);
      if (op === "join") {
        socket.subscribe(d.room);
        socket.send(`{"id":${id},"ok":{}}`);
        return;
      }
      const seq = (heads.get(d.room) ?? 0) + 1;
      heads.set(d.room, seq);
      const entry = JSON.stringify({ ev: "entry", room: d.room, d: { seq, body: d.body } });
      server.publish(d.room, entry);
      socket.send(`{"id":${id},"ok":{"seq":${seq}}}`);
    },
  },
});
