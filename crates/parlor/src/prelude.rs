//! What an extension imports.

pub use extension::{
    Askable, Asked, ChatHalves, ChatReceiver, ChatSender, Command, Cost, Cx, Declined, Door,
    DoorError, Extension, Followed, Follower, HttpRequest, HttpResponse, Metric, MetricValue,
    Mount, Page, PushError, PushTarget, Respond, Rights, Sees, Serve, Socket, SocketFrame,
    StartFrom, Stated, Task, View, migrations,
};

// The server's own types, as far as extensions use them.
pub use bus::{
    Answers, AnswersAsync, Context, Event, Handles, HandlesAsync, Isolated, LoadError, Missed,
    Reply, Request, Subscriber, Wiring,
};
pub use messaging::api::{DeleteMessage, EditMessage, MarkRead, React, ReadHistory, SendMessage};
pub use rooms::api::{
    Change, CreateRoom, Entry, History, JoinRoom, Kind, LeaveRoom, Members, Moderate, Moderation,
    OpenDirect, Role, RoomInfo, RoomKey, Seq, UpdateRoom,
};
pub use sessions::api::{Caller, PresenceChanged, User, UserId};
pub use settings::{Contradiction, Setting, Table, days, millis, number, value};
pub use storage::prelude::*;

// Crates whose types are in what an extension implements, so that it need not name their versions.
pub use {anyhow, bytes, http, serde_json, tracing};
