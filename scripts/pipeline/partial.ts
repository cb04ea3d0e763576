import { z } from 'zod';

/**
 * The object with every key optional and without its default, at every depth of objects. Lists and maps stay as
 * they are. Rules across keys are dropped: they can only be judged on a complete value.
 */
export function partial(object: z.ZodObject): z.ZodObject {
  return z.strictObject(
    Object.fromEntries(Object.entries(shapeOf(object)).map(([key, value]) => [key, optional(value)])),
  );
}

function optional(schema: z.core.$ZodType): z.ZodType {
  const inner = unwrap(schema);
  const result = (inner instanceof z.ZodObject ? partial(inner) : z.optional(inner)).optional();
  const description = z.globalRegistry.get(schema)?.description;
  return description === undefined ? result : result.describe(description);
}

/** The schema under its defaults and `optional`. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
    ? unwrap(schema.unwrap())
    : schema;
}

/** The schemas of an object's keys; zod itself types those of an unknown object as `any`. */
export const shapeOf = (object: z.ZodObject): Readonly<Record<string, z.core.$ZodType>> => object.shape;
