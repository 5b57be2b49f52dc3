//! Pictures of pixels, rendered from SVG.

use std::io;
use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

/// Pixels for each unit of the picture: enough for a screen of high density.
const SCALE: f32 = 2.0;

/// Renders `svg` with the fonts of this machine. Without any font, the picture has no texts.
///
/// # Errors
///
/// The SVG is malformed or has no size.
pub(crate) fn render(svg: &str) -> io::Result<Vec<u8>> {
    let mut fonts = fontdb::Database::new();
    fonts.load_system_fonts();
    // The styles name a browser's fonts, which this machine may lack.
    let any = fonts.faces().find_map(|face| face.families.first().map(|(name, _)| name.clone()));
    if let Some(family) = preferred(&fonts).or(any) {
        fonts.set_sans_serif_family(family);
    }
    let options = Options { fontdb: Arc::new(fonts), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(io::Error::other)?;
    let size = tree.size().to_int_size().scale_by(SCALE);
    let pixels = size.and_then(|size| Pixmap::new(size.width(), size.height()));
    let mut pixels = pixels.ok_or_else(|| io::Error::other("the picture has no size"))?;
    resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(io::Error::other)
}

/// Returns the first family that is made for screens, if any is installed.
fn preferred(fonts: &fontdb::Database) -> Option<String> {
    const FAMILIES: [&str; 6] = ["Inter", "Noto Sans", "Roboto", "DejaVu Sans", "Liberation Sans", "Arial"];
    let has =
        |family: &&&str| fonts.faces().any(|face| face.families.iter().any(|(name, _)| name == **family));
    FAMILIES.iter().find(has).map(|family| (*family).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::svg::Picture;

    #[test]
    fn a_picture_becomes_pixels() {
        let mut picture = Picture::new("x", 20.0, 10.0);
        picture.rect("c5", 0.0, 0.0, 10.0, 10.0, 0.0);
        let png = render(&picture.standalone()).unwrap();
        let pixels = Pixmap::decode_png(&png).unwrap();
        // Twice the size of the picture with its margins.
        assert_eq!((pixels.width(), pixels.height()), (136, 228));
        let colour = |x, y| pixels.pixel(x, y).map(|pixel| (pixel.red(), pixel.green(), pixel.blue()));
        assert_eq!((colour(53, 165), colour(83, 165)), (Some((0xd4, 0x48, 0x3f)), Some((255, 255, 255))));
    }
}
