//! WebSocket frames as a client writes and reads them, without needless copies.

/// Opcodes that a client writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opcode {
    Text = 0x1,
    Binary = 0x2,
    Pong = 0xA,
}

/// Appends one masked frame. The mask is zero: legal, and costs nothing.
pub(crate) fn write(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    out.push(0x80 | opcode as u8);
    match payload.len() {
        short @ 0..126 => out.push(0x80 | u8::try_from(short).expect("below 126")),
        long => {
            out.push(0x80 | 0x7E);
            let long = u16::try_from(long).expect("the generator writes small frames");
            out.extend_from_slice(&long.to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

/// A frame that a server sends.
pub(crate) enum Frame<'a> {
    /// Text or binary: each server sends only one of them.
    Data(&'a [u8]),
    Ping(&'a [u8]),
    Close(u16),
    Other,
}

/// Returns the first whole frame in `bytes` and its length; `None` if it is incomplete.
pub(crate) fn read(bytes: &[u8]) -> Option<(Frame<'_>, usize)> {
    let (&[first, second], rest) = bytes.split_first_chunk()?;
    let (length, head) = match second & 0x7F {
        126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
        127 => (
            usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).ok()?,
            10,
        ),
        short => (usize::from(short), 2),
    };
    let payload = bytes.get(head..head + length)?;
    let frame = match first & 0x0F {
        0x1 | 0x2 => Frame::Data(payload),
        0x8 => Frame::Close(
            payload
                .first_chunk()
                .map_or(1005, |code| u16::from_be_bytes(*code)),
        ),
        0x9 => Frame::Ping(payload),
        _ => Frame::Other,
    };
    Some((frame, head + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_only_when_it_is_whole() {
        let bytes = [0x81, 2, b'h', b'i', 0x81];
        assert!(read(&bytes[..3]).is_none());
        let Some((Frame::Data(text), 4)) = read(&bytes) else {
            panic!("not a text frame")
        };
        assert_eq!(text, b"hi");
    }

    #[test]
    fn lengths_above_125_take_two_more_bytes() {
        let mut out = Vec::new();
        write(&mut out, Opcode::Text, &[b'x'; 300]);
        assert_eq!(out[1] & 0x7F, 126);
        assert_eq!(out.len(), 2 + 2 + 4 + 300);
    }
}
