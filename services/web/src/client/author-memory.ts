const key = 'author';

/** The name that was used last in this browser. */
export function recallAuthor(): string {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    // Storage can be switched off; then the name is asked for again.
    return '';
  }
}

export function rememberAuthor(author: string): void {
  try {
    localStorage.setItem(key, author.trim());
  } catch {
    // As above.
  }
}
