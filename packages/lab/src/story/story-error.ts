/** A story's command that cannot be carried out: who wrote the story sees where and what was expected. */
export class StoryError extends Error {
  override readonly name = "StoryError";
}
