//! Which instructions the loops may use; they change no bit.

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isa {
    /// What the target of the compiler has at least.
    Plain,
    /// AVX2, FMA and POPCNT.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, BW, DQ, VL and VBMI, BMI1, FMA and POPCNT.
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

/// Methods that are compiled for each instruction set and run in the form for that of `self.isa`; `F` is the form.
macro_rules! forms {
    ($(
        $(#[$doc:meta])*
        $visibility:vis fn $name:ident / $avx2:ident / $avx512:ident
        (&mut $self:ident $(, $argument:ident: $type:ty)*) $(-> $out:ty)? $body:block
    )*) => {$(
        $(#[$doc])*
        $visibility fn $name(&mut $self $(, $argument: $type)*) $(-> $out)? {
            match $self.isa {
                // SAFETY: the machine has it.
                #[cfg(target_arch = "x86_64")]
                Isa::Avx512 => unsafe { $self.$avx512($($argument),*) },
                // SAFETY: the machine has it.
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => unsafe { $self.$avx2($($argument),*) },
                Isa::Plain => {
                    #[allow(dead_code)]
                    type F = Plain;
                    $body
                }
            }
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,bmi1,fma,popcnt")]
        fn $avx512(&mut $self $(, $argument: $type)*) $(-> $out)? {
            #[allow(dead_code)]
            type F = Avx512;
            $body
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,popcnt")]
        fn $avx2(&mut $self $(, $argument: $type)*) $(-> $out)? {
            #[allow(dead_code)]
            type F = Avx2;
            $body
        }
    )*};
}
pub(crate) use forms;
