import { type Operation, operations, type ProblemCode, problemSchema, problems } from '@confab/contract';
import { z } from 'zod';

/** The OpenAPI 3.1 document of every call, made from the contract's schemas. */
export function openapiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Confab relay', version, license: { name: 'GPL-2.0-or-later', identifier: 'GPL-2.0-or-later' } },
    paths,
    components: {
      schemas: { Problem: schemaOf(problemSchema, 'output') },
      securitySchemes: {
        conversationHandle: { type: 'http', scheme: 'bearer', description: 'The UUID in the visitor’s cookie.' },
        siteSecret: { type: 'http', scheme: 'bearer', description: 'The secret of a site’s plugin.' },
      },
    },
  };
}

function describe({
  id,
  summary,
  credential,
  path,
  query,
  body,
  file,
  status,
  answer,
  answerAs,
  problems: codes,
}: Operation): object {
  // A list that takes a format is there as a table, too.
  const otherForms = new Set([...(answerAs ? [answerAs] : []), ...(query?.shape.format ? ['text/csv'] : [])]);
  const content = (schema: z.ZodType, io: 'input' | 'output') => ({
    'application/json': { schema: schemaOf(schema, io) },
  });
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
      name,
      in: 'query',
      required: !(schema as z.ZodType).safeParse(undefined).success,
      schema: schemaOf(schema as z.ZodType, 'output'),
    })),
  ];
  return {
    operationId: id,
    summary,
    ...(credential && { security: [{ [credential]: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: content(body, 'input') } }),
    // By OpenAPI 3.1 a file in the body has no schema.
    ...(file && { requestBody: { required: true, content: Object.fromEntries(file.map(type => [type, {}])) } }),
    responses: {
      [status]: {
        description: summary,
        ...(typeof answer === 'string' && { content: { [answer]: { schema: { type: 'string' } } } }),
        ...(answer &&
          typeof answer !== 'string' && {
            content: {
              ...content(answer, 'output'),
              ...Object.fromEntries([...otherForms].map(form => [form, { schema: { type: 'string' } }])),
            },
          }),
      },
      ...refusals(codes),
    },
  };
}

function refusals(codes: ProblemCode[]): Record<string, object> {
  const byStatus = Map.groupBy(codes, code => problems[code][0]);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map(code => `\`${code}\`: ${problems[code][1]}.`).join(' '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  );
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return json;
}
