//! A short form for primitives of one instruction each.

/// Defines functions of one expression each. The expression may be unsafe only because it needs the instruction set.
macro_rules! primitives {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),*) -> $out:ty = $body:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        fn $name($($argument: $type),*) -> $out {
            #[allow(unused_unsafe)]
            // SAFETY: a level is used only where the machine has it, and what is read or written is borrowed.
            unsafe { $body }
        }
    )*};
}
pub(super) use primitives;
