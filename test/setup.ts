/** Runs once before all tests; end-to-end tests find the packed program here. */
export default function setup(): void {}
