create table messages (
  id bigint generated always as identity primary key,
  author text not null check (char_length(author) between 1 and 40),
  text text not null check (char_length(text) between 1 and 2000),
  created_at timestamptz not null default now()
);
