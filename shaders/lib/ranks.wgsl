// ranks: the indices of a scatter in their order: the k of the c-th smallest one,
// and the segments that its sorted row is cut into.
//
// prepended  index with load_index(i) -> i32, order with load_order(i) -> i32;
//            BY_ROW: whether index is [count] or [outer, count, inner];
//            RUN: u32, ranks of a segment, at most;
//            the binding of params
// index      row-major from `index_offset` on
// order      i32, in the shape of index: for each o and i, or for all of them,
//            the k in the order of their indices, equal ones in rising order

struct Params {
  outer: u32,
  length: u32,
  inner: u32,
  count: u32,
  src_offset: u32,
  index_offset: u32,
  offset: u32, // of x
}

// Where the c-th of the index, or of the order, for o and i lies.
fn place(o: u32, c: u32, i: u32) -> u32 {
  return select((o * params.count + c) * params.inner + i, c, BY_ROW);
}

// The k of the c-th smallest index, and that index.
fn ranked(o: u32, c: u32, i: u32) -> vec2i {
  let k = load_order(place(o, c, i));
  return vec2i(k, load_index(params.index_offset + place(o, u32(k), i)));
}

// A segment ends where the index changes, and before each multiple of RUN.
fn end_of(c: u32) -> u32 { return min((c / RUN + 1u) * RUN, params.count); }
