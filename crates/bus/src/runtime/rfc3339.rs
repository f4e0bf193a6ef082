//! Times as texts: RFC 3339 in UTC with milliseconds.

/// The first and last time that RFC 3339 can show, since its years have four digits.
const FIRST: i64 = -62_167_219_200_000;
const LAST: i64 = 253_402_300_799_999;

/// Returns a time in milliseconds since 1970 as `2026-11-20T10:00:00.000Z`: ASCII, in UTC. Clamps to the
/// range of RFC 3339. Formats digit by digit: `write!` took a sixth of the time to encode a page of history.
#[must_use]
pub fn rfc3339(ms: i64) -> [u8; 24] {
    let ms = ms.clamp(FIRST, LAST);
    let (days, ms) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let s = ms / 1000;
    let mut text = *b"0000-00-00T00:00:00.000Z";
    put(&mut text[..4], year);
    put(&mut text[5..7], month);
    put(&mut text[8..10], day);
    put(&mut text[11..13], s / 3600);
    put(&mut text[14..16], s / 60 % 60);
    put(&mut text[17..19], s % 60);
    put(&mut text[20..23], ms % 1000);
    text
}

/// Writes the last digits of a number into all of `places`.
fn put(places: &mut [u8], mut number: i64) {
    for place in places.iter_mut().rev() {
        *place = b'0' + u8::try_from(number % 10).expect("a digit of a number from 0 on");
        number /= 10;
    }
}

/// Converts days since 1970-01-01 to year, month and day of the Gregorian calendar. Counts years from
/// March, so that the leap day is the last one; they repeat every 146,097 days.
fn civil(days: i64) -> (i64, i64, i64) {
    let from_era = days + 719_468;
    let (era, day_of_era) = (from_era.div_euclid(146_097), from_era.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn times_are_shown_as_rfc_3339_with_milliseconds() {
        let shown = |ms| String::from_utf8(rfc3339(ms).to_vec()).unwrap();
        assert_eq!(shown(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(shown(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(shown(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(shown(1_795_168_800_123), "2026-11-20T10:00:00.123Z");
        assert_eq!(shown(4_107_542_400_000), "2100-03-01T00:00:00.000Z");
        assert_eq!(shown(i64::MIN), "0000-01-01T00:00:00.000Z");
        assert_eq!(shown(i64::MAX), "9999-12-31T23:59:59.999Z");
    }
}
