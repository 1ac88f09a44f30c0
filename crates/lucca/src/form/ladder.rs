//! The fallbacks after a server refuses a request without a reason, in order.
//!
//! First those that cost no data: smaller pages. Then one omission at a time. Then the plainest request and,
//! if that is answered, one addition at a time: so two or three unknown parameters are found without trying
//! all their combinations.

use crate::asked::Idiom;

/// Page sizes to try: some servers know one size only.
const SIZES: [u32; 12] = [5000, 2500, 1000, 500, 250, 200, 100, 50, 30, 25, 20, 10];

/// Page sizes after a page was too large, each about half of the one before.
const STEPS: [u32; 9] = [5000, 2500, 1000, 500, 250, 100, 50, 25, 10];

/// The next smaller page.
pub(super) fn step_down(size: u32) -> Option<u32> {
    STEPS.into_iter().find(|step| *step < size)
}

/// The largest page of all but a few streams; a larger one may be too much work for a server.
const USUAL_SIZE: u32 = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(super) size: u32,
    pub(super) detail: Detail,
    pub(super) idiom: Idiom,
    pub(super) order: bool,
    pub(super) count: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Every field of the query.
    Full,
    /// The fields that every server is expected to know.
    Core,
    /// The server's default fields: none is named. Without fields, a v3 request can't contain a count.
    Default,
}

/// The parts of a stream's request that can vary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    /// The preferred shape, without the parts that the server named as wrong.
    pub(super) best: Shape,
    pub(super) is_v3: bool,
    /// Whether a v4 stream is requested in an order.
    pub(super) has_sort: bool,
    /// Whether the core fields are fewer than the full ones.
    pub(super) has_core: bool,
    /// Whether the set can be requested in two ways.
    pub(super) has_second_idiom: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rung {
    pub(super) shape: Shape,
    /// Whether it leaves out more than has proved wrong, so that it can be upgraded again.
    pub(super) is_plain: bool,
    /// Whether it can help after a 500: the older framework answers so for unknown keys and fields, but not
    /// for a page size.
    pub(super) may_help_500: bool,
}

impl Range {
    /// The shapes to try after the best one, in order.
    pub(super) fn rungs(self) -> Vec<Rung> {
        let best = self.best;
        let flag = self.has_second_idiom && best.idiom == Idiom::Usual;
        let sizes = SIZES.into_iter().filter(|size| *size < best.size);
        let mut rungs: Vec<Rung> =
            sizes.map(|size| rung(Shape { size, ..best }, false, size == USUAL_SIZE)).collect();
        let mut less = |shape| rungs.push(rung(shape, false, true));
        if self.is_v3 {
            if flag {
                less(Shape { idiom: Idiom::Fallback, ..best });
            }
            less(Shape { order: false, ..best });
            if self.has_core && best.detail == Detail::Full {
                less(Shape { detail: Detail::Core, ..best });
            }
        } else if self.has_sort && best.order {
            less(Shape { order: false, ..best });
        }
        less(Shape { count: false, ..best });

        let plain = |size: u32, idiom| Shape {
            size: size.min(best.size),
            detail: if self.is_v3 { Detail::Default } else { best.detail },
            idiom,
            order: best.order && !self.is_v3 && !self.has_sort,
            count: false,
        };
        let idiom = if self.has_second_idiom { Idiom::Fallback } else { best.idiom };
        rungs.push(rung(plain(best.size, idiom), true, true));
        rungs.push(rung(plain(100, idiom), true, true));
        rungs.push(rung(plain(10, idiom), true, false));
        if flag {
            rungs.push(rung(plain(100, Idiom::Usual), true, false));
        }
        rungs
    }

    /// `shape` with one part added again, if that differs.
    pub(super) fn raised(self, shape: Shape, step: Step) -> Option<Shape> {
        let best = self.best;
        let detail = |detail| Shape { detail, ..shape };
        let (from, wanted) = (shape.detail, best.detail);
        let raised = match step {
            Step::Core if self.has_core && from == Detail::Default && wanted != from => detail(Detail::Core),
            // The full fields contain the core ones: a server that refuses those refuses these too.
            Step::Full if from == if self.has_core { Detail::Core } else { Detail::Default } => {
                detail(wanted)
            }
            Step::Count if !self.is_v3 || from != Detail::Default => Shape { count: best.count, ..shape },
            Step::Order => Shape { order: best.order, ..shape },
            Step::Idiom => Shape { idiom: best.idiom, ..shape },
            Step::Core | Step::Full | Step::Count => shape,
        };
        (raised != shape).then_some(raised)
    }
}

fn rung(shape: Shape, is_plain: bool, may_help_500: bool) -> Rung {
    Rung { shape, is_plain, may_help_500 }
}

/// The parts to add again to the plainest request, the most valuable first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Core,
    Full,
    Count,
    Order,
    Idiom,
}

impl Step {
    pub(super) const ALL: [Self; 5] = [Self::Core, Self::Full, Self::Count, Self::Order, Self::Idiom];
}
