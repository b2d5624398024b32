const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text for HTML content or a quoted attribute. Names come from hostile recordings: mark-up is escaped; control
 * characters and those that turn the direction of writing are made visible.
 */
export function escapeHtml(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
    .replace(/[&<>"']/g, (c) => ENTITIES[c]!);
}

/** A number for people: `digits` decimals, thousands apart, a dash for what is not a number. */
export function formatNumber(v: number, digits = 0): string {
  if (!Number.isFinite(v)) return '–';
  const [whole, fraction] = Math.abs(v).toFixed(digits).split('.');
  const grouped = whole!.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  const negative = v < 0 && Number(v.toFixed(digits)) !== 0;
  return `${negative ? '−' : ''}${grouped}${fraction ? `.${fraction}` : ''}`;
}

/** A length in the unit that suits it. */
export function formatLength(metres: number): string {
  if (!Number.isFinite(metres)) return '–';
  const abs = Math.abs(metres);
  if (abs < 0.0995) return `${formatNumber(100 * metres, abs < 0.00995 ? 2 : 1)} cm`;
  if (abs < 10) return `${formatNumber(metres, 3)} m`;
  return abs < 10_000 ? `${formatNumber(metres, 1)} m` : `${formatNumber(metres / 1000, 2)} km`;
}

export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = Math.floor(seconds % 60);
  return minutes < 60 ? `${minutes} min ${rest} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
