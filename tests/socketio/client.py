"""A Python front end: authenticates, joins, sends, hears, and is refused."""

import queue
import sys

import socketio

url, transports = sys.argv[1], sys.argv[2].split(",")
heard = queue.Queue()
client = socketio.Client(reconnection=False)


@client.on("new_message")
def new_message(message, _offset=None):
    heard.put(message)


client.connect(url, transports=transports, wait_timeout=20)
name = "python-" + transports[-1] + str(len(transports))
signed_in = client.call("authenticate", {"username": name}, timeout=20)
assert signed_in["username"] == name, signed_in
joined = client.call("join", {"room": "general"}, timeout=20)
assert joined["ok"]["card"]["room"] == "general", joined
sent = client.call("send_message", {"room": "general", "content": "hello from Python"}, timeout=20)
assert sent["status"] == "sent", sent
message = heard.get(timeout=20)
assert message["seq"] == sent["seq"], message
print("heard:", message["content"])
unknown = client.call("no_such_op", timeout=20)
assert unknown["err"]["name"] == "unknown_op", unknown
client.disconnect()

refused = socketio.Client(reconnection=False)
try:
    refused.connect(url, auth={"token": "wrong"}, transports=transports, wait_timeout=20)
    raise SystemExit("a wrong token was accepted")
except socketio.exceptions.ConnectionError as error:
    print("refused:", error)
