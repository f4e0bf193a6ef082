//! What a profile may have: texts by the rule for all texts, and pictures that are what they say.

use crate::api::text::{self, Rule};
use crate::api::{PictureKind, Refusal, SetPicture};
use imagesize::ImageType;

const DISPLAY: Rule = Rule {
    field: "display",
    chars_max: 64,
    bytes_max: 256,
    lines: false,
    empty: true,
};

/// The greatest width and height of a picture: a small file may unpack to gigabytes.
const SIDE_MAX: usize = 512;

/// A change of one field: to a value, or to none.
pub(crate) type FieldChange = Option<Option<String>>;

/// Checks a name to show; a blank one clears the field.
pub(crate) fn display(typed: Option<String>) -> Result<FieldChange, Refusal> {
    let Some(typed) = typed else { return Ok(None) };
    let refuse = |why| Refusal::BadText {
        field: DISPLAY.field,
        why,
    };
    let display = text::check(typed.trim(), DISPLAY).map_err(refuse)?;
    if display.contains(turns_direction) {
        return Err(refuse("holds a sign that turns the direction of the text"));
    }
    Ok(Some(Some(display).filter(|display| !display.is_empty())))
}

/// Whether a character changes the direction of what follows it, beyond the name itself.
fn turns_direction(sign: char) -> bool {
    matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Checks a colour; an empty text clears the field.
pub(crate) fn colour(typed: Option<String>) -> Result<FieldChange, Refusal> {
    let Some(typed) = typed else { return Ok(None) };
    if typed.is_empty() {
        return Ok(Some(None));
    }
    let is_colour = |text: &str| {
        let digits = text.strip_prefix('#')?.as_bytes();
        let is_digit = |digit: &u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        (digits.len() == 6 && digits.iter().all(is_digit)).then_some(())
    };
    if is_colour(&typed).is_none() {
        return Err(Refusal::BadRequest {
            field: "colour",
            expected: "must be # and six of 0-9 a-f, or empty",
        });
    }
    Ok(Some(Some(typed)))
}

/// Checks that a text takes the picture away; returns whether one was given.
pub(crate) fn removes_picture(typed: Option<&str>) -> Result<bool, Refusal> {
    match typed {
        None => Ok(false),
        Some("") => Ok(true),
        Some(_) => Err(bad_picture(
            "must be empty here, which takes the picture away; a new one is uploaded",
        )),
    }
}

/// Returns what kind of picture a file is, by its own first bytes, or refuses it.
pub(crate) fn picture_kind(bytes: &[u8]) -> Result<PictureKind, Refusal> {
    if bytes.len() > SetPicture::BYTES_MAX {
        return Err(bad_picture("must have at most 32768 bytes"));
    }
    let no_picture = || bad_picture("must be a PNG, JPEG, GIF or WebP file");
    let kind = match imagesize::image_type(bytes).map_err(|_| no_picture())? {
        ImageType::Png => PictureKind::Png,
        ImageType::Jpeg => PictureKind::Jpeg,
        ImageType::Gif => PictureKind::Gif,
        ImageType::Webp => PictureKind::Webp,
        _ => return Err(no_picture()),
    };
    let size = imagesize::blob_size(bytes).map_err(|_| no_picture())?;
    let fits = |side: usize| (1..=SIDE_MAX).contains(&side);
    if !fits(size.width) || !fits(size.height) {
        return Err(bad_picture("must be at most 512 pixels wide and high"));
    }
    Ok(kind)
}

fn bad_picture(expected: &'static str) -> Refusal {
    Refusal::BadRequest {
        field: "picture",
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut file = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        file.extend(width.to_be_bytes());
        file.extend(height.to_be_bytes());
        file.extend(b"\x08\x06\0\0\0");
        file
    }

    fn gif(width: u16, height: u16) -> Vec<u8> {
        let mut file = b"GIF89a".to_vec();
        file.extend(width.to_le_bytes());
        file.extend(height.to_le_bytes());
        file.extend(b"\0\0\0;");
        file
    }

    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\
                          \xff\xc0\0\x11\x08\0\x20\0\x30\x03\x01\x22\0\x02\x11\x01\x03\x11\x01";
    const WEBP: &[u8] = b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x1f\0\0\x2f\0\0";

    #[test]
    fn a_picture_is_known_by_its_first_bytes() {
        assert_eq!(picture_kind(&png(1, 512)), Ok(PictureKind::Png));
        assert_eq!(picture_kind(&gif(512, 1)), Ok(PictureKind::Gif));
        assert_eq!(picture_kind(JPEG), Ok(PictureKind::Jpeg));
        assert_eq!(picture_kind(WEBP), Ok(PictureKind::Webp));
    }

    #[test]
    fn what_is_no_picture_or_none_to_show_is_refused() {
        let mut long = png(1, 1);
        long.resize(SetPicture::BYTES_MAX + 1, 0);
        let files: [&[u8]; 13] = [
            b"",
            b"\x89PNG",
            b"GIF89a\0",
            b"\xff\xd8\xff",
            &JPEG[..24],
            &WEBP[..20],
            b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
            b"<html><script>alert(1)</script>",
            &png(513, 1),
            &png(1, u32::MAX),
            &png(0, 1),
            &gif(0, 0),
            &long,
        ];
        for file in files {
            let refused = picture_kind(file);
            let is_named = matches!(
                refused,
                Err(Refusal::BadRequest {
                    field: "picture",
                    ..
                })
            );
            assert!(
                is_named,
                "{refused:?} for {:?}",
                &file[..file.len().min(40)]
            );
        }
    }

    #[test]
    fn a_header_that_runs_in_a_circle_ends() {
        let mut file = b"\xff\xd8\xff\xe0".to_vec();
        file.extend([0xff, 0xe0, 0, 0].repeat(8_000));
        assert!(picture_kind(&file).is_err());
    }

    #[test]
    fn a_name_to_show_is_one_visible_line() {
        let shown = |typed: &str| display(Some(typed.to_owned()));
        assert_eq!(display(None), Ok(None));
        assert_eq!(
            shown("  Ann  O'Neill "),
            Ok(Some(Some("Ann  O'Neill".into())))
        );
        assert_eq!(shown("e\u{301}"), Ok(Some(Some("\u{e9}".into()))));
        for blank in ["", " ", "\u{200b}", "\u{3164}\u{2800}"] {
            assert_eq!(shown(blank), Ok(Some(None)), "{blank:?}");
        }
        assert!(shown(&"ä".repeat(64)).is_ok());
        let bad = [
            "a\nb",
            "a\0b",
            "\u{202e}nna",
            "a\u{2066}b",
            &"a".repeat(65),
            &"\u{1f980}".repeat(65),
        ];
        for typed in bad {
            let refused = shown(typed);
            let is_named = matches!(
                refused,
                Err(Refusal::BadText {
                    field: "display",
                    ..
                })
            );
            assert!(is_named, "{typed:?}: {refused:?}");
        }
    }

    #[test]
    fn a_colour_has_six_digits() {
        let shown = |typed: &str| colour(Some(typed.to_owned()));
        assert_eq!(colour(None), Ok(None));
        assert_eq!(shown(""), Ok(Some(None)));
        assert_eq!(shown("#00ff9a"), Ok(Some(Some("#00ff9a".into()))));
        for typed in [
            "red", "#fff", "#00FF9A", "#00ff9", "#00ff9ab", "00ff9a#", "#00ff9é",
        ] {
            assert!(shown(typed).is_err(), "{typed}");
        }
    }
}
