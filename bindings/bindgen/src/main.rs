//! UniFFI's generator of the version that the library is built with: `uniffi-bindgen generate LIBRARY -l python -o FOLDER`.

fn main() {
    uniffi::uniffi_bindgen_main();
}
