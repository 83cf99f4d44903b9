//! Selection of the instruction set, and the macro that compiles a kernel for each.

use super::Simd;
use std::sync::OnceLock;

/// An instruction set. The choice changes no bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Plain Rust, for the compiler's target.
    Scalar,
    /// AVX2, FMA and POPCNT.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, BW, DQ, VL and VBMI, BMI1, FMA and POPCNT.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The widest level of this machine, or the one that the environment variable `SORN_SIMD` names.
    pub(crate) fn best() -> Level {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| {
            let available = Level::available();
            let widest = *available.last().unwrap_or(&Level::Scalar);
            let Ok(wanted) = std::env::var("SORN_SIMD") else { return widest };
            available.iter().copied().find(|level| level.name() == wanted).unwrap_or_else(|| {
                let names: Vec<&str> = available.iter().map(|level| level.name()).collect();
                tracing::warn!("SORN_SIMD: expected {}, found {wanted:?}; ignored", names.join(", "));
                widest
            })
        })
    }

    /// Every level of this machine, narrowest first.
    pub(crate) fn available() -> Vec<Level> {
        #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut))]
        let mut levels = vec![Level::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            macro_rules! has {
                ($($feature:tt)*) => { true $(&& is_x86_feature_detected!($feature))* };
            }
            if has!("avx2" "fma" "popcnt") {
                levels.push(Level::Avx2);
            }
            if has!("avx512f" "avx512bw" "avx512dq" "avx512vl" "avx512vbmi" "bmi1" "fma" "popcnt") {
                levels.push(Level::Avx512);
            }
        }
        levels
    }

    /// Largest numbers of neurons whose activity is found in registers, by 8-bit and by 16-bit indices, see [`Simd::MOST_FOUND`].
    pub(crate) fn most_found(self) -> [usize; 2] {
        match self {
            Level::Scalar => super::Scalar::MOST_FOUND,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => super::Avx2::MOST_FOUND,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => super::Avx512::MOST_FOUND,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Level::Scalar => "scalar",
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => "avx512",
        }
    }
}

/// Compiles functions generic over [`Simd`] for every level. The first argument of each resulting function is the [`Level`]
/// to run.
macro_rules! kernel {
    ($(
        $(#[$doc:meta])*
        $visibility:vis fn $name:ident<$S:ident: Simd $(, $G:ident: $bound:path)?>
        ($($argument:ident: $type:ty),* $(,)?) $(-> $out:ty)? $body:block
    )*) => {$(
        $(#[$doc])*
        $visibility fn $name $(<$G: $bound>)? (level: $crate::simd::Level, $($argument: $type),*) $(-> $out)? {
            #[inline(always)]
            fn generic<$S: $crate::simd::Simd $(, $G: $bound)?>($($argument: $type),*) $(-> $out)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,popcnt")]
            fn avx2 $(<$G: $bound>)? ($($argument: $type),*) $(-> $out)? {
                generic::<$crate::simd::Avx2 $(, $G)?>($($argument),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,bmi1,fma,popcnt")]
            fn avx512 $(<$G: $bound>)? ($($argument: $type),*) $(-> $out)? {
                generic::<$crate::simd::Avx512 $(, $G)?>($($argument),*)
            }

            match level {
                $crate::simd::Level::Scalar => generic::<$crate::simd::Scalar $(, $G)?>($($argument),*),
                // SAFETY: the machine has the level.
                #[cfg(target_arch = "x86_64")]
                $crate::simd::Level::Avx2 => unsafe { avx2 $(::<$G>)? ($($argument),*) },
                // SAFETY: the machine has the level.
                #[cfg(target_arch = "x86_64")]
                $crate::simd::Level::Avx512 => unsafe { avx512 $(::<$G>)? ($($argument),*) },
            }
        }
    )*};
}
pub(crate) use kernel;
