/** Three stops and two hops: the icon of the product, in the colours of the theme. */
export function ProductMark() {
  return (
    <svg viewBox="0 0 32 20" width="32" height="20" aria-hidden="true" className="icon">
      <path d="M4 12C4 1.5 15 1.5 15 12" />
      <path d="M17 12c1.5-10.5 11-10.5 11 0" strokeDasharray="0.1 3.4" />
      <circle cx="4" cy="16" r="2.2" fill="currentColor" stroke="none" />
      <circle cx="16" cy="16" r="2.2" fill="currentColor" stroke="none" />
      <circle className="product-now" cx="28" cy="16" r="3" stroke="none" />
    </svg>
  );
}
