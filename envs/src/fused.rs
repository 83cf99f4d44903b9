//! [`Fused`]: the processor's fused multiply-add, if it has one.

#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::Fused;

#[cfg(not(target_arch = "x86_64"))]
pub(crate) use elsewhere::Fused;

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::asm;

    /// Proof that this processor has fused multiply-adds (the instruction set FMA3).
    ///
    /// A program built for every x86-64 processor may use them in functions of its own only, and those are never inlined into
    /// a caller's loop: the call would cost more than it gains. So the instruction is written here by name.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Fused(());

    impl Fused {
        /// `None` if the processor has none.
        pub(crate) fn detect() -> Option<Self> {
            std::arch::is_x86_feature_detected!("fma").then_some(Fused(()))
        }

        /// `a * b + c`, rounded once.
        #[inline(always)]
        pub(crate) fn mul_add(self, a: f64, b: f64, mut c: f64) -> f64 {
            // SAFETY: `self` exists only where the processor has the instruction, which reads and writes these registers alone.
            // Measured: CartPole is faster with its divisions by a constant done so.
            unsafe {
                asm!(
                    "vfmadd231sd {c}, {a}, {b}",
                    c = inout(xmm_reg) c,
                    a = in(xmm_reg) a,
                    b = in(xmm_reg) b,
                    options(pure, nomem, nostack, preserves_flags),
                );
            }
            c
        }

        /// `x`, in a register of its own. The compiler likes to put two numbers into one vector register, and then the one that
        /// is ready early waits for the other.
        #[inline(always)]
        pub(crate) fn apart(self, mut x: f64) -> f64 {
            // SAFETY: no instruction at all. Measured: CartPole is faster with it.
            unsafe {
                asm!("/* {x} */", x = inout(xmm_reg) x, options(pure, nomem, nostack, preserves_flags))
            };
            x
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod elsewhere {
    /// No such proof on this architecture: everything takes the plain way.
    #[derive(Clone, Copy, Debug)]
    pub(crate) enum Fused {}

    impl Fused {
        pub(crate) fn detect() -> Option<Self> {
            None
        }

        pub(crate) fn mul_add(self, _: f64, _: f64, _: f64) -> f64 {
            match self {}
        }

        pub(crate) fn apart(self, _: f64) -> f64 {
            match self {}
        }
    }
}
