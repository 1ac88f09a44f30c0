//! Adjusts the vendor's colour for readability: WCAG 2.2 requires a contrast of 4.5 to 1.

/// A colour: red, green, blue.
type Rgb = [u8; 3];

const LIGHT_CARD: Rgb = [0xff, 0xff, 0xff];
/// The darkest light and the lightest dark background of brand-coloured text, see flow.css.
const LIGHT_PAGE: Rgb = [0xef, 0xf4, 0xf2];
const DARK_PAGE: Rgb = [0x22, 0x2c, 0x28];
const MIN_CONTRAST: f64 = 4.6;

/// Parses `#rrggbb`; anything else becomes black.
fn read(colour: &str) -> Rgb {
    let digits = colour.trim_start_matches('#');
    let part =
        |at: usize| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).unwrap_or(0);
    [part(0), part(2), part(4)]
}

/// Relative luminance, as WCAG defines it.
fn luminance(colour: Rgb) -> f64 {
    let linear = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    let [red, green, blue] = colour.map(linear);
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// `colour`, moved towards `end` until it is just readable on `page`.
fn readable(colour: Rgb, end: Rgb, page: Rgb) -> Rgb {
    let mix = |step: u16| {
        let part = |at: usize| {
            let (from, to) = (u16::from(colour[at]), u16::from(end[at]));
            u8::try_from((from * (20 - step) + to * step) / 20).unwrap_or(end[at])
        };
        [part(0), part(1), part(2)]
    };
    (0..=20).map(mix).find(|mixed| contrast(*mixed, page) >= MIN_CONTRAST).unwrap_or(end)
}

fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// The stylesheet with the vendor's colour.
pub(crate) fn stylesheet(colour: &str) -> String {
    let brand = read(colour);
    let white = LIGHT_CARD;
    let on = if contrast(brand, white) >= MIN_CONTRAST { white } else { [0x11, 0x11, 0x11] };
    // For medium colours neither black nor white is readable; the background is then adjusted.
    let ground = readable(brand, if on == white { [0, 0, 0] } else { white }, on);
    let on_light = readable(brand, [0, 0, 0], LIGHT_PAGE);
    let on_dark = readable(brand, white, DARK_PAGE);
    format!(
        ":root{{--brand:{ground};--on-brand:{on};--brand-text:{light}}}\n\
         @media (prefers-color-scheme:dark){{:root{{--brand-text:{dark}}}}}\n",
        ground = hex(ground),
        on = hex(on),
        light = hex(on_light),
        dark = hex(on_dark),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(css: &str, name: &str, which: usize) -> Rgb {
        let part = css.split(&format!("{name}:")).nth(which).unwrap();
        read(&part[..7])
    }

    proptest! {
        #[test]
        fn any_colour_is_readable(red: u8, green: u8, blue: u8) {
            let css = stylesheet(&hex([red, green, blue]));
            prop_assert!(contrast(value(&css, "--brand", 1), value(&css, "--on-brand", 1)) >= 4.5, "{css}");
            prop_assert!(contrast(value(&css, "--brand-text", 1), LIGHT_PAGE) >= 4.5, "{css}");
            prop_assert!(contrast(value(&css, "--brand-text", 1), LIGHT_CARD) >= 4.5, "{css}");
            prop_assert!(contrast(value(&css, "--brand-text", 2), DARK_PAGE) >= 4.5, "{css}");
        }
    }
}
