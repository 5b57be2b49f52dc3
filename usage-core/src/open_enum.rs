//! Enums of the service that keep values unknown to this crate.

/// Declares an enum with the given wire values and a variant `Unknown(Box<str>)`.
///
/// Known values are parsed case-insensitively (as two of the official SDKs do) and written in the service's spelling.
/// Unknown values are kept and written back verbatim.
macro_rules! open_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        ///
        /// A value that is not listed here is kept verbatim as `Unknown`.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        $vis enum $name {
            $($(#[$variant_meta])* #[doc = concat!("\n\nOn the wire: `", $text, "`.")] $variant,)+
            /// A value that this version of the crate does not know.
            Unknown(Box<str>),
        }

        impl $name {
            /// All known values, in the order of the service's documentation.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the value as it appears on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $(if text.eq_ignore_ascii_case($text) { return Self::$variant; })+
                Self::Unknown(text.into())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Ok(Self::from(&*text))
            }
        }
    };
}

pub(crate) use open_enum;

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro is for public enums")]
mod tests {
    use proptest::prelude::*;

    open_enum! {
        /// A colour.
        pub enum Colour {
            /// Red.
            Red = "RED",
            /// Light blue.
            LightBlue = "lightBlue",
        }
    }

    #[test]
    fn known_texts_match_in_any_case_and_print_in_the_services_spelling() {
        assert_eq!(Colour::from("red"), Colour::Red);
        assert_eq!(serde_json::to_string(&Colour::from("LIGHTBLUE")).unwrap(), r#""lightBlue""#);
        assert_eq!(Colour::KNOWN.len(), 2);
    }

    proptest! {
        #[test]
        fn unknown_text_survives_a_round_trip(text in "\\PC{0,20}") {
            let json = serde_json::to_string(&Colour::from(&*text)).unwrap();
            let back: Colour = serde_json::from_str(&json).unwrap();
            if let Colour::Unknown(kept) = &back {
                prop_assert_eq!(&**kept, &*text);
            } else {
                prop_assert!(back.as_str().eq_ignore_ascii_case(&text));
            }
        }
    }
}
