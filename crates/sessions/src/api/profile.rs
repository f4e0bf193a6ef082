//! Profiles: what people show of themselves besides their name.

use super::{Caller, ConnectionId, Refusal, User};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bus::{Event, Request};
use std::fmt;

/// The SHA-256 of a picture's file; on the wire 43 characters of URL-safe base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureHash(pub [u8; 32]);

impl PictureHash {
    /// Reads the wire form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().map(Self).ok()
    }
}

impl fmt::Display for PictureHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// What a person shows besides their name; nothing by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// A name to show; not unique, and no name to find someone by.
    pub display: Option<String>,
    /// `#` and six hexadecimal digits in lower case.
    pub colour: Option<String>,
    /// The picture's hash, by which [`ReadPicture`] finds it.
    pub picture: Option<PictureHash>,
}

/// A person with their profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonProfile {
    /// The person as everyone sees them.
    pub user: User,
    /// What they show besides.
    pub profile: Profile,
}

/// `profile.set`: changes the caller's profile. Ordered. `None` leaves a field, an empty text clears it.
pub struct SetProfile {
    /// The user and session that ask.
    pub caller: Caller,
    /// The connection that asks and gets the reply; `None` over HTTP.
    pub connection: Option<ConnectionId>,
    /// A name to show: one line of at most 64 characters.
    pub display: Option<String>,
    /// `#` and six hexadecimal digits.
    pub colour: Option<String>,
    /// Only an empty text, which takes the picture away: [`SetPicture`] sets one.
    pub picture: Option<String>,
}

impl Request for SetProfile {
    const NAME: &'static str = "sessions.set_profile";
    type Answer = Result<ProfileSet, Refusal>;
}

/// The caller's profile after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileSet {
    /// The person and all of the profile.
    pub person: PersonProfile,
    /// True if it was so already.
    pub dup: bool,
}

/// Sets the caller's picture. Ordered. Takes an account.
pub struct SetPicture {
    /// The user and session that ask.
    pub caller: Caller,
    /// The file: at most [`SetPicture::BYTES_MAX`] of PNG, JPEG, GIF or WebP.
    pub bytes: Vec<u8>,
}

impl SetPicture {
    /// The longest file.
    pub const BYTES_MAX: usize = 32 * 1024;
}

impl Request for SetPicture {
    const NAME: &'static str = "sessions.set_picture";
    type Answer = Result<ProfileSet, Refusal>;
}

/// `profiles`: the profiles of some people, in no order. Concurrent. Leaves out those who are unknown or
/// have ended.
pub struct ReadProfiles {
    /// At most [`ReadProfiles::USERS_MAX`] ids in wire form.
    pub users: Vec<String>,
}

impl ReadProfiles {
    /// The most people in one request.
    pub const USERS_MAX: usize = 100;
}

impl Request for ReadProfiles {
    const NAME: &'static str = "sessions.profiles";
    type Answer = Result<Vec<PersonProfile>, Refusal>;
}

/// What kind of file a picture is, by its own first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureKind {
    /// `image/png`, by its eight bytes.
    Png,
    /// `image/jpeg`, with its dimensions in a frame header.
    Jpeg,
    /// `image/gif`, still or moving.
    Gif,
    /// `image/webp`, lossy, lossless or extended.
    Webp,
}

/// A picture's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What it is.
    pub kind: PictureKind,
    /// The file as it was uploaded.
    pub bytes: Vec<u8>,
}

/// Returns the picture with this hash, if somebody has it. Concurrent.
pub struct ReadPicture {
    /// The hash in wire form.
    pub hash: String,
}

impl Request for ReadPicture {
    const NAME: &'static str = "sessions.picture";
    type Answer = Result<Option<Picture>, Refusal>;
}

/// A person's profile has changed, or their name or what they are; also when they have ended.
#[derive(Debug, Clone)]
pub struct ProfileChanged {
    /// The person as of now.
    pub person: PersonProfile,
    /// The connection that asked and gets the reply; `None` over HTTP.
    pub by: Option<ConnectionId>,
}

impl Event for ProfileChanged {
    const NAME: &'static str = "sessions.profile_changed";
}
