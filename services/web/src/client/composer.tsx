import { useRef, useState } from 'preact/hooks';
import type { PostResult } from './board-api.ts';
import { maxAuthorLength, maxTextLength } from './message.ts';

export interface ComposerProps {
  /** The name of last time. */
  readonly initialAuthor: string;
  readonly onPost: (author: string, text: string) => Promise<PostResult>;
}

type Problem = Extract<PostResult, { ok: false }>;

/** The form that a message is written in. */
export function Composer({ initialAuthor, onPost }: ComposerProps) {
  const [author, setAuthor] = useState(initialAuthor);
  const [text, setText] = useState('');
  const [posting, setPosting] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const authorInput = useRef<HTMLInputElement>(null);
  const textInput = useRef<HTMLTextAreaElement>(null);

  function refuse(next: Problem): void {
    setProblem(next);
    (next.field === 'author' ? authorInput : textInput).current?.focus();
  }

  async function submit(): Promise<void> {
    if (posting) return;
    if (author.trim() === '') return refuse({ ok: false, error: 'Please say who you are.', field: 'author' });
    if (text.trim() === '')
      return refuse({ ok: false, error: 'Please write a message first.', field: 'text' });
    setPosting(true);
    const result = await onPost(author, text);
    setPosting(false);
    if (!result.ok) return refuse(result);
    setProblem(undefined);
    setText('');
    textInput.current?.focus();
  }

  const left = maxTextLength - text.length;
  return (
    <form
      class="composer"
      aria-label="Write a message"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <label class="field">
        <span class="label">Your name</span>
        <input
          ref={authorInput}
          name="author"
          autoComplete="nickname"
          maxLength={maxAuthorLength}
          value={author}
          onInput={(event) => setAuthor(event.currentTarget.value)}
          aria-invalid={problem?.field === 'author'}
          aria-describedby="problem"
        />
      </label>
      <label class="field">
        <span class="label">Message</span>
        <textarea
          ref={textInput}
          name="text"
          rows={2}
          maxLength={maxTextLength}
          placeholder="What should everybody know?"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void submit();
          }}
          aria-invalid={problem?.field === 'text'}
          aria-describedby="problem"
        />
      </label>
      <div class="actions">
        <p id="problem" class="problem" role="alert">
          {problem?.error}
        </p>
        {left <= 200 ? <p class="left">{left} left</p> : <p class="hint">Ctrl + Enter posts</p>}
        <button type="submit" aria-disabled={posting}>
          {posting ? 'Posting…' : 'Post'}
        </button>
      </div>
    </form>
  );
}
