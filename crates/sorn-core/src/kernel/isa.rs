//! Which instructions the loops may use; they change no bit.

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isa {
    /// What the target of the compiler has at least.
    Plain,
    /// AVX2, FMA and POPCNT.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, BW, DQ, VL and VBMI.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// The widest that this machine has.
    pub(crate) fn best() -> Isa {
        #[cfg(target_arch = "x86_64")]
        {
            if super::avx512::available() {
                return Isa::Avx512;
            }
            if super::avx2::available() {
                return Isa::Avx2;
            }
        }
        Isa::Plain
    }

    /// All that this machine has.
    #[cfg(test)]
    pub(crate) fn available() -> Vec<Isa> {
        let mut all = vec![Isa::Plain];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(super::avx2::available().then_some(Isa::Avx2));
            all.extend(super::avx512::available().then_some(Isa::Avx512));
        }
        all
    }
}

/// Calls a method in the form for the instruction set `$self.isa`.
macro_rules! dispatch {
    ($self:ident.$plain:ident / $avx2:ident / $avx512:ident ($($argument:expr),*)) => {
        match $self.isa {
            // SAFETY: the machine has it.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => unsafe { $self.$avx512($($argument),*) },
            // SAFETY: the machine has it.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => unsafe { $self.$avx2($($argument),*) },
            Isa::Plain => $self.$plain::<Plain>($($argument),*),
        }
    };
}
pub(crate) use dispatch;
