import { z } from 'zod';

/** A length above 0 (m) with its default. */
export const metres = (value: number, maximum = 100) => z.number().positive().max(maximum).default(value);
