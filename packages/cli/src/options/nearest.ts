// Guesses which of some words was meant.
export { nearest, nearestFew } from "@skbtracer/analyzer/filter";
