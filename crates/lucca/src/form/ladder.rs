//! The fallbacks after a server refuses a request without a reason, in order.
//!
//! First those that cost no data: smaller pages. Then one omission at a time. Then the plainest request and,
//! if that is answered, one addition at a time: this finds two or three unknown parameters without trying all
//! their combinations.

use crate::asked::FilterStyle;

/// Page sizes to try: some servers support one size only.
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
pub(crate) struct RequestShape {
    pub(super) size: u32,
    pub(super) detail: Detail,
    pub(super) filter_style: FilterStyle,
    pub(super) order: bool,
    pub(super) count: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Every field of the query.
    Full,
    /// The fields that every server is expected to support.
    Core,
    /// The server's default fields: the request names none. Without fields, a v3 request can't contain a
    /// count.
    Default,
}

/// The parts of a stream's request that can vary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Range {
    /// The preferred shape, without the parts that the server named as wrong.
    pub(super) best: RequestShape,
    pub(super) is_v3: bool,
    /// Whether a v4 stream is requested in an order.
    pub(super) has_sort: bool,
    /// Whether the core fields are fewer than the full ones.
    pub(super) has_core: bool,
    /// Whether the set can be requested in two ways.
    pub(super) has_fallback_filter: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fallback {
    pub(super) shape: RequestShape,
    /// Whether it omits more than the server has refused, so that it can be upgraded again.
    pub(super) is_plain: bool,
    /// Whether it can help after a 500: the older framework answers so for unknown keys and fields, but not
    /// for a page size.
    pub(super) may_help_500: bool,
}

impl Range {
    /// The shapes to try after the best one, in order.
    pub(super) fn fallbacks(self) -> Vec<Fallback> {
        let best = self.best;
        let flag = self.has_fallback_filter && best.filter_style == FilterStyle::Usual;
        let sizes = SIZES.into_iter().filter(|size| *size < best.size);
        let mut fallbacks: Vec<Fallback> =
            sizes.map(|size| fallback(RequestShape { size, ..best }, false, size == USUAL_SIZE)).collect();
        let mut less = |shape| fallbacks.push(fallback(shape, false, true));
        if self.is_v3 {
            if flag {
                less(RequestShape { filter_style: FilterStyle::Fallback, ..best });
            }
            less(RequestShape { order: false, ..best });
            if self.has_core && best.detail == Detail::Full {
                less(RequestShape { detail: Detail::Core, ..best });
            }
        } else if self.has_sort && best.order {
            less(RequestShape { order: false, ..best });
        }
        less(RequestShape { count: false, ..best });

        let plain = |size: u32, filter_style| RequestShape {
            size: size.min(best.size),
            detail: if self.is_v3 { Detail::Default } else { best.detail },
            filter_style,
            order: best.order && !self.is_v3 && !self.has_sort,
            count: false,
        };
        let filter_style = if self.has_fallback_filter { FilterStyle::Fallback } else { best.filter_style };
        fallbacks.push(fallback(plain(best.size, filter_style), true, true));
        fallbacks.push(fallback(plain(100, filter_style), true, true));
        fallbacks.push(fallback(plain(10, filter_style), true, false));
        if flag {
            fallbacks.push(fallback(plain(100, FilterStyle::Usual), true, false));
        }
        fallbacks
    }

    /// `shape` with one part added again, if that differs.
    pub(super) fn upgraded(self, shape: RequestShape, step: Upgrade) -> Option<RequestShape> {
        let best = self.best;
        let detail = |detail| RequestShape { detail, ..shape };
        let (from, wanted) = (shape.detail, best.detail);
        let upgraded = match step {
            Upgrade::Core if self.has_core && from == Detail::Default && wanted != from => {
                detail(Detail::Core)
            }
            // The full fields contain the core ones: a server that refuses the core fields refuses the full
            // ones too.
            Upgrade::Full if from == if self.has_core { Detail::Core } else { Detail::Default } => {
                detail(wanted)
            }
            Upgrade::Count if !self.is_v3 || from != Detail::Default => {
                RequestShape { count: best.count, ..shape }
            }
            Upgrade::Order => RequestShape { order: best.order, ..shape },
            Upgrade::FilterStyle => RequestShape { filter_style: best.filter_style, ..shape },
            Upgrade::Core | Upgrade::Full | Upgrade::Count => shape,
        };
        (upgraded != shape).then_some(upgraded)
    }
}

fn fallback(shape: RequestShape, is_plain: bool, may_help_500: bool) -> Fallback {
    Fallback { shape, is_plain, may_help_500 }
}

/// The parts to add again to the plainest request, the most valuable first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Upgrade {
    Core,
    Full,
    Count,
    Order,
    FilterStyle,
}

impl Upgrade {
    pub(super) const ALL: [Self; 5] = [Self::Core, Self::Full, Self::Count, Self::Order, Self::FilterStyle];
}
