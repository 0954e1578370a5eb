// attention: what the kernels of attention are told.
//
// prepended  GROUP: u32, invocations of a workgroup, a query or key each
//            KEYS: u32, keys or queries of a tile in workgroup memory
//            E4, V4: u32, vec4 of a query or key, and of a value
//            CAUSAL: bool, whether query i sees keys 0 to i alone
//            bias(b, i, j) -> f32, perhaps from binding 3; -infinity hides a key
//            is_hidden(bias) -> bool
// q          f32 [batches, queries, 4 * E4], row-major
// k, v       f32 [batches, keys, 4 * E4] and [batches, keys, 4 * V4], likewise

struct Params {
  batches: u32,
  queries: u32,
  keys: u32,
  blocks: u32, // of GROUP queries (or keys, for their gradients), in a batch
  // Long sums go in several dispatches: each takes the keys (or queries, for
  // gradients of keys) from `first` up to `end`, exclusive, and goes on from what
  // the one before it wrote.
  first: u32,
  end: u32,
  scale: f32,
  mask_offset: u32,
  heads: u32, // of the mask: batch b is image b / heads, head b % heads
  mask_image: u32, mask_head: u32, mask_query: u32, mask_key: u32, // strides
}

@group(0) @binding(0) var<storage, read> q: array<vec4f>;
@group(0) @binding(1) var<storage, read> k: array<vec4f>;
@group(0) @binding(2) var<storage, read> v: array<vec4f>;
