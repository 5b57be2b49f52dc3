//! Pseudo-random numbers as pure functions of the seed, so that runs can be repeated.

/// The purpose of a hash. Different purposes yield unrelated numbers.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(crate) enum Purpose {
    Organization = 1,
    OwnClient,
    OwnSecret,
    Client,
    CampaignClient,
    CampaignDays,
    User,
    Endpoint,
    Team,
    Volume,
    Presence,
    Traffic,
    Incident,
    Execution,
    Correlation,
    Token,
    Platform,
    AuthorizationCode,
    RefreshToken,
    EventDefinition,
    EventEntity,
    Event,
    UserName,
    TokenPrefix,
    Story,
}

/// Returns a well-mixed number that depends on its arguments only.
pub(crate) fn hash(seed: u64, purpose: Purpose, parts: &[u64]) -> u64 {
    parts.iter().fold(mix(seed ^ mix(purpose as u64)), |state, part| mix(state ^ mix(*part)))
}

/// The finaliser of SplitMix64.
pub(crate) const fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Returns an id in the form of a version 4 UUID.
pub(crate) fn uuid(seed: u64, purpose: Purpose, parts: &[u64]) -> String {
    let high = hash(seed, purpose, parts);
    let low = mix(high ^ 0x5555_5555_5555_5555);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0xFFF,
        0x8000 | ((low >> 48) & 0x3FFF),
        low & 0xFFFF_FFFF_FFFF
    )
}

/// Returns a text of `length` characters that looks like a secret.
pub(crate) fn secret_text(seed: u64, purpose: Purpose, part: u64, length: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state = hash(seed, purpose, &[part]);
    let mut text = String::with_capacity(length);
    for _ in 0..length {
        state = mix(state);
        text.push(char::from(ALPHABET[usize::from(state.to_le_bytes()[0] & 63)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_the_form_of_version_4() {
        for n in 0..200 {
            let id = uuid(7, Purpose::User, &[n]);
            let groups: Vec<_> = id.split('-').map(str::len).collect();
            assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
            assert_eq!(&id[14..15], "4");
            assert!("89ab".contains(&id[19..20]), "{id}");
        }
    }

    #[test]
    fn purposes_and_seeds_do_not_share_numbers() {
        assert_ne!(hash(1, Purpose::User, &[1]), hash(1, Purpose::Client, &[1]));
        assert_ne!(hash(1, Purpose::User, &[1]), hash(2, Purpose::User, &[1]));
        assert_eq!(secret_text(1, Purpose::Token, 0, 43), secret_text(1, Purpose::Token, 0, 43));
    }
}
