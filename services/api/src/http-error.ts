/** A request that cannot be served as it stands; the message goes to the client. */
export class HttpError extends Error {
  override name = 'HttpError';
  readonly status: number;
  readonly field: string | undefined;

  constructor(status: number, message: string, options: ErrorOptions & { readonly field?: string } = {}) {
    super(message, options);
    this.status = status;
    this.field = options.field;
  }
}
